package dockerfile

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
)

// work is what a file costs, without a clock: what is allocated, by number and size.
type work struct{ allocs, bytes uint64 }

func workOf(text string) work {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	parse("Dockerfile", []byte(text)).lint(&Native{})
	runtime.ReadMemStats(&after)
	return work{after.Mallocs - before.Mallocs, after.TotalAlloc - before.TotalAlloc}
}

// TestWorkIsLinear holds that twice as much costs twice as much, whatever it is
// that there is much of.
func TestWorkIsLinear(t *testing.T) {
	repeat := strings.Repeat
	numbered := func(format string, n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, format, i)
		}
		return b.String()
	}
	const from = "FROM alpine:3.20\n"
	shapes := map[string]func(n int) string{
		"continuations":               func(n int) string { return from + "RUN true" + repeat(" \\\n && apt-get install -y a", n) + "\n" },
		"continuations with comments": func(n int) string { return from + "RUN true" + repeat(" \\\n# c\n\n && true", n) + "\n" },
		"continuations in an ENV":     func(n int) string { return from + "ENV" + numbered(" \\\n  A%d=b", n) + "\n" },
		"continuations in a COPY":     func(n int) string { return from + "COPY" + repeat(" \\\n  a", n) + " b/\n" },
		"continuations in JSON":       func(n int) string { return from + "CMD [\"a\"" + repeat(", \\\n  \"a\"", n) + "]\n" },
		"stages":                      func(n int) string { return numbered("FROM alpine:3.20 AS s%d\nRUN pip install x\n", n) },
		"stages in a chain":           func(n int) string { return "FROM a:1 AS s\n" + numbered("FROM s AS s%d\nRUN sudo x\n", n) },
		"stages of one name":          func(n int) string { return repeat("FROM a:1 AS s\nCOPY --from=s a b\n", n) },
		"copies of stages":            func(n int) string { return numbered("FROM a:1 AS s%d\n", n) + numbered("COPY --from=s%d a b\n", n) },
		"nested heredocs":             func(n int) string { return from + "RUN <<A\n" + numbered("cat <<B%d\n", n) + "A\nUSER 1\n" },
		"heredocs in one line":        func(n int) string { return from + "RUN" + numbered(" <<A%d", n) + "\n" + numbered("A%d\n", n) },
		"heredocs":                    func(n int) string { return from + repeat("RUN <<A\nsudo a\nA\n", n) },
		"lines of a heredoc":          func(n int) string { return from + "RUN <<A\n" + repeat("sudo a | b\n", n) + "A\n" },
		"global pragmas": func(n int) string {
			return repeat("# hadolint global ignore=DL3008\n", n) + from + repeat("RUN sudo a\n", n/10)
		},
		"pragmas":                    func(n int) string { return from + repeat("# hadolint ignore=DL3004\nRUN sudo a\n", n) },
		"pragmas of one instruction": func(n int) string { return from + repeat("# hadolint ignore=DL3004,DL3008\n", n) + "RUN sudo a\n" },
		"pragmas of our own":         func(n int) string { return from + repeat("# boltseal:ignore DL3004 why\nRUN sudo a\n", n) },
		"pragmas within an instruction": func(n int) string {
			return from + "RUN a" + repeat(" && \\\n# boltseal:ignore DL3004 why\nsudo b", n) + "\n"
		},
		"rules of one pragma":   func(n int) string { return from + "# hadolint ignore=DL3004" + repeat(",DL3008", n) + "\nRUN sudo a\n" },
		"pragmas of shells":     func(n int) string { return from + repeat("# hadolint shell=bash\nRUN a | b\n", n) },
		"comments":              func(n int) string { return repeat("# a\n", n) + from },
		"shells":                func(n int) string { return from + repeat("SHELL [\"bash\", \"-c\"]\nRUN a | b\n", n) },
		"instructions at fault": func(n int) string { return from + repeat("BOGUS\n", n) },
		"environment":           func(n int) string { return from + numbered("ENV A%d=b\nARG B%[1]d\nRUN echo $A%[1]d\n", n) },
		"labels":                func(n int) string { return from + numbered("LABEL a%d=b\n", n) },
		"users":                 func(n int) string { return from + repeat("USER root\n", n) },
		"commands of a list":    func(n int) string { return from + "RUN a" + repeat(" && \\\n sudo a", n) + "\n" },
		"commands of a pipe":    func(n int) string { return from + "RUN curl x" + repeat(" | \\\n sh", n) + "\n" },
		"arguments":             func(n int) string { return from + "RUN apt-get install" + numbered(" \\\n a%d", n) + "\n" },
		"substitutions":         func(n int) string { return from + "RUN a" + repeat(" \\\n \"$(sudo b)\"", n) + "\n" },
		"branches": func(n int) string {
			return from + "RUN if a; then b;" + repeat(" \\\n elif a; then sudo b;", n) + " fi\n"
		},
		"cases":    func(n int) string { return from + "RUN case a in" + repeat(" \\\n b) sudo c;;", n) + " esac\n" },
		"quotes":   func(n int) string { return from + "RUN a" + repeat(" \\\n 'b' \"c $d\"", n) + "\n" },
		"escapes":  func(n int) string { return from + "RUN a \"" + repeat("\\\\\\\n", n) + "\"\n" },
		"triggers": func(n int) string { return from + repeat("ONBUILD RUN sudo a\n", n) },
		"mounts": func(n int) string {
			return from + "RUN" + numbered(" \\\n --mount=type=cache,target=/a%d", n) + " pip install x\n"
		},
		"ports": func(n int) string { return from + "EXPOSE" + numbered(" \\\n %d", n) + "\n" },
	}
	n := 1000
	for name, shape := range shapes {
		t.Run(name, func(t *testing.T) {
			workOf(shape(n / 2)) // what is made once
			one, two := workOf(shape(n)), workOf(shape(2*n))
			if one.allocs*5/2+1000 < two.allocs || one.bytes*5/2+200_000 < two.bytes {
				t.Errorf("%d cost %+v, %d cost %+v", n, one, 2*n, two)
			}
		})
	}
}
