package dockerfile

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"
)

// TestHostileInput holds that no file costs more than its size deserves, in time
// and in memory, and that what is not looked at is said. Lines are what costs most,
// in BuildKit's regular expressions: some 30 µs each under the race detector.
func TestHostileInput(t *testing.T) {
	repeat := func(s string, n int) string { return strings.Repeat(s, n) }
	numbered := func(format string, n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, format, i)
		}
		return b.String()
	}
	cases := map[string]struct {
		text    string
		limited bool // the scan ends partial
	}{
		"nothing":                          {text: ""},
		"NUL bytes":                        {text: "FROM a:1\x00\nRUN a\x00b | c\x00\n\x00"},
		"a line of 1 MB":                   {text: "FROM a:1\nRUN echo " + repeat("x", 1<<20) + "\nRUN sudo a\n"},
		"a comment of 1 MB":                {text: "FROM a:1\n#" + repeat("x", 1<<20) + "\nRUN sudo a\n"},
		"10,000 continuations":             {text: "FROM a:1\nRUN true" + repeat(" \\\n && apt-get install -y a", 10_000) + "\n", limited: true},
		"10,000 stages":                    {text: numbered("FROM a:1 AS s%d\nRUN pip install x\nCMD a\n", 10_000), limited: true},
		"9000 stages in a chain":           {text: "FROM a:1 AS s0\n" + numbered("FROM s%d AS s%[1]d\nRUN pip install x\n", 9_000), limited: true},
		"a stage on itself":                {text: "FROM a AS a\nFROM a AS a\nFROM a AS a\nCMD a\n"},
		"40,000 pragmas":                   {text: repeat("# hadolint global ignore=DL3008\n# hadolint ignore=DL3009\n", 20_000) + "FROM a:1\n" + repeat("RUN sudo a\n", 1000)},
		"heredocs without end":             {text: "FROM a:1\n" + numbered("RUN <<A%d\n", 25_000), limited: true},
		"heredocs in one line":             {text: "FROM a:1\nRUN" + numbered(" <<A%d", 5000) + "\n" + numbered("A%d\n", 5000)},
		"nested heredocs":                  {text: "FROM a:1\nRUN <<A\n" + numbered("cat <<B%d\n", 5000) + "A\nUSER 1\n"},
		"a chain of ONBUILD":               {text: "FROM a:1\n" + repeat("ONBUILD ", 90_000) + "RUN a\n"},
		"a chain of ONBUILD in lines":      {text: "FROM a:1\n" + repeat("ONBUILD \\\n", 20_000) + "RUN a\n"},
		"nested variables before heredocs": {text: "FROM a:1\nRUN a " + repeat("\\\n${a:-", 20_000) + " <<A\nA\n"},
		"subshells":                        {text: "FROM a:1\nRUN " + repeat("\\\n(", 20_000) + "\n", limited: true},
		"substitutions":                    {text: "FROM a:1\nRUN a " + repeat("\\\n\"$(", 20_000) + "\n", limited: true},
		"arithmetic":                       {text: "FROM a:1\nRUN a " + repeat("\\\n$((a[", 20_000) + "\n", limited: true},
		"backquotes":                       {text: "FROM a:1\nRUN a " + repeat("\\\n`a \\\\`", 20_000) + "\n"},
		"a list of 20,000":                 {text: "FROM a:1\nRUN a" + repeat("\\\n&&a", 20_000) + "\n"},
		"a pipe of 20,000":                 {text: "FROM a:1\nRUN a" + repeat("\\\n|a", 20_000) + "\n"},
		"elif":                             {text: "FROM a:1\nRUN if a; then b; " + repeat("\\\nelif a; then b;", 10_000) + " fi\n"},
		"functions":                        {text: "FROM a:1\nRUN " + repeat("\\\nf() ", 20_000) + "{ a; }\n", limited: true},
		"curl in a pipe of 20,000":         {text: "FROM a:1\nRUN curl x" + repeat("\\\n|curl x", 20_000) + "\n"},
		"25,000 instructions at fault":     {text: "FROM a:1\n" + repeat("BOGUS\n", 25_000), limited: true},
		"200,000 empty lines":              {text: "FROM a:1\nRUN a \\" + repeat("\n", 200_000)},
		"1 MB of lists":                    {text: "FROM a:1\nRUN " + repeat(repeat("a;", 100)+"\\\n", 6000) + "a\n", limited: true},
		"RUN of more than 1 MB":            {text: "FROM a:1\n" + repeat("RUN "+repeat("a;", 500)+"\n", 1200), limited: true},
		"a JSON array of 20,000":           {text: "FROM a:1\nRUN [\"a\"" + repeat(",\\\n\"\\u0061\\ud800\\udc00\"", 20_000) + "]\n"},
		"a JSON array of arrays":           {text: "FROM a:1\nRUN " + repeat("\\\n[", 20_000) + "\n", limited: false},
		"20,000 variables":                 {text: "FROM a:1\nENV " + numbered("\\\nA%d=b ", 20_000) + "\n"},
		"variables of 2000 stages":         {text: "FROM a:1 AS s0\n" + numbered("FROM s%d AS s%[1]d\nARG A=1\nENV B=1 C=$A$B\nUSER $A\n", 2000)},
		"20,000 uses of a variable":        {text: "FROM a:1\nENV A=1\nENV A=1 B=$A C=" + repeat("\\\n$A", 20_000) + "\n"},
		"a mistyped keyword of 60 KB":      {text: "FROM a:1\n" + repeat("RUM", 20_000) + " a\n"},
		"a mistyped flag of 60 KB":         {text: "FROM a:1\nCOPY --" + repeat("form", 15_000) + " a b\n"},
		"1 MB of comments":                 {text: "FROM a:1\n" + repeat("# a\n", 256<<10)},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			if testing.Short() && len(c.text) > 200_000 {
				t.Skip("a large file takes seconds under the race detector: run without -short")
			}
			var before, after runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&before)
			start := time.Now()
			f := parse("Dockerfile", []byte(c.text))
			l := f.lint(&Native{})
			took := time.Since(start)
			runtime.ReadMemStats(&after)
			grown := (after.Sys - before.Sys) >> 20
			t.Logf("%d bytes: %v, %d MB more, %d findings, limits %q", len(c.text), took.Round(time.Millisecond), grown, len(l.hits), f.limits)
			if took > time.Minute {
				t.Errorf("took %v: more than linear", took)
			}
			if limited := len(f.limits) > 0 || l.dropped > 0; limited != c.limited {
				t.Errorf("limited %v, want %v: %q, %d dropped", limited, c.limited, f.limits, l.dropped)
			}
		})
	}
}
