package dockerfile

import (
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"
)

// maxMemory is what one file may take at most beside its text, in MB.
const maxMemory = 200

// shapes fill a file of the largest size in ways that make much of few bytes.
func shapes() map[string]func() string {
	full := func(before, unit, after string) func() string {
		return func() string {
			return before + strings.Repeat(unit, (maxFile-len(before)-len(after))/len(unit)) + after
		}
	}
	return map[string]func() string{
		"short RUNs":              full("FROM a:1\n", "RUN a\n", ""),
		"short instructions":      full("FROM a:1\n", "CMD a\n", ""),
		"RUNs of 400 bytes":       full("FROM a:1\n", "RUN a"+strings.Repeat(" b", 200)+"\n", ""),
		"RUNs of lists":           full("FROM a:1\n", "RUN a"+strings.Repeat(";a", 200)+"\n", ""),
		"ENVs":                    full("FROM a:1\n", "ENV A=b\n", ""),
		"ENVs of 100 variables":   full("FROM a:1\n", "ENV"+strings.Repeat(" A=b", 100)+"\n", ""),
		"one ENV":                 full("FROM a:1\nENV \\\n", strings.Repeat("A=b ", 100)+"\\\n", "A=b\n"),
		"one LABEL in lines":      full("FROM a:1\nLABEL \\\n", "A=b \\\n", "A=b\n"),
		"one EXPOSE":              full("FROM a:1\nEXPOSE \\\n", strings.Repeat("1 ", 100)+"\\\n", "1\n"),
		"one COPY":                full("FROM a:1\nCOPY \\\n", strings.Repeat("a ", 100)+"\\\n", "b\n"),
		"one JSON array":          full("FROM a:1\nCMD [ \\\n", strings.Repeat("\"\",", 100)+"\\\n", "\"\"]\n"),
		"flags":                   full("FROM a:1\nCOPY \\\n", strings.Repeat("--a ", 100)+"\\\n", "a b\n"),
		"comments":                full("FROM a:1\n", "#\n", ""),
		"comments in a RUN":       full("FROM a:1\nRUN a \\\n", "#\n", ""),
		"pragmas":                 full("FROM a:1\n", "# hadolint ignore=DL3008\n", ""),
		"empty lines":             full("FROM a:1\n", "\n", ""),
		"stages":                  full("", "FROM a\n", ""),
		"faults":                  full("FROM a:1\n", "A\n", ""),
		"triggers":                full("FROM a:1\n", "ONBUILD RUN a\n", ""),
		"continuations":           full("FROM a:1\nRUN a", "\\\na", ""),
		"a heredoc":               full("FROM a:1\nRUN <<A\n", "a\n", "A\n"),
		"heredocs":                full("FROM a:1\n", "RUN <<A\nA\n", ""),
		"heredocs without an end": full("FROM a:1\n", "RUN <<A\n", ""),
		"heredocs in an ADD":      full("FROM a:1\n", "ADD"+strings.Repeat(" <<A", 100)+" /\n"+strings.Repeat("A\n", 100), ""),
		"long lines":              full("FROM a:1\n", "RUN "+strings.Repeat("a", 60_000)+"\n", ""),
		"one line":                full("FROM a:1\nRUN ", "a ", "\n"),
		"directives":              full("", "# a=b\n", "FROM a:1\n"),
		"variables":               full("FROM a:1\n", "RUN a"+strings.Repeat(" $a", 100)+"\n", ""),
	}
}

// TestMemory holds that a file of any shape takes no more than maxMemory. Each runs
// in a process of its own, as memory is seldom given back.
func TestMemory(t *testing.T) {
	if name := os.Getenv("BOLTSEAL_TEST_SHAPE"); name != "" {
		lintShape(t, shapes()[name]())
		return
	}
	if testing.Short() {
		t.Skip("takes seconds for each shape: run without -short")
	}
	for name := range shapes() {
		t.Run(name, func(t *testing.T) {
			cmd := exec.Command(os.Args[0], "-test.run=^TestMemory$", "-test.v")
			cmd.Env = append(os.Environ(), "BOLTSEAL_TEST_SHAPE="+name)
			start := time.Now()
			out, err := cmd.CombinedOutput()
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			_, rest, _ := strings.Cut(string(out), "took ")
			number, _, _ := strings.Cut(rest, " MB")
			took, err := strconv.Atoi(number)
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			_, rest, _ = strings.Cut(rest, "limits ")
			limits, _, _ := strings.Cut(rest, "\n")
			t.Logf("%d MB, %v, limits %s", took, time.Since(start).Round(time.Millisecond), limits)
			if took > maxMemory {
				t.Errorf("took %d MB, at most %d are allowed", took, maxMemory)
			}
		})
	}
}

func lintShape(t *testing.T, text string) {
	var before, after runtime.MemStats
	data := []byte(text)
	runtime.GC()
	runtime.ReadMemStats(&before)
	f := parse("Dockerfile", data)
	l := f.lint(&Native{})
	runtime.ReadMemStats(&after)
	t.Logf("took %d MB, limits %q, %d findings", (after.Sys-before.Sys)>>20, f.limits, len(l.hits))
}
