package dockerfile

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// TestHostileShell holds that no shell code costs more than its size deserves.
func TestHostileShell(t *testing.T) {
	numbered := func(format string, n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, format, i)
		}
		return b.String()
	}
	const many = 20_000
	cases := map[string]string{
		"brackets without end":       strings.Repeat("[", 200_000) + " a" + strings.Repeat("[", 200_000),
		"braces":                     strings.Repeat("{", 200_000) + strings.Repeat("}", 200_000),
		"braces with commas":         "a" + strings.Repeat("{,", 60_000) + strings.Repeat("}", 60_000),
		"backslashes":                "a " + strings.Repeat(`\d`, 200_000),
		"cd in a pipe":               "cd a" + strings.Repeat("|cd a", many),
		"cd in a list":               "cd a" + strings.Repeat("&&cd a", many),
		"negations under set -e":     "set -e;" + strings.Repeat("! a;", many),
		"negations in a pipe":        "set -e; a" + strings.Repeat("&& ! a", many),
		"tabs in echo":               strings.Repeat("echo a\t\tb;", many),
		"variables":                  numbered("v%d=$a;", many) + numbered("a $v%d;", many),
		"branches":                   "if a; then b;" + numbered("elif a; then v%d=1;", 10_000) + "fi; a $v1",
		"cases":                      "case $a in" + numbered(" %d) v%[1]d=1;;", 10_000) + " esac; a $v1",
		"loops in loops":             strings.Repeat("while a; do ", 60) + numbered("v%d=$b;", many) + strings.Repeat("done;", 60),
		"functions that call others": numbered("f%d() { f%[1]d; a; };", 5_000) + "f0() { " + strings.Repeat("f1;", 5_000) + " }; f0",
		"functions that double": "f0() { a; };" + func() string {
			var b strings.Builder
			for i := range 200 {
				fmt.Fprintf(&b, "f%d() { f%d; f%d; };", i+1, i, i)
			}
			return b.String()
		}() + "f200",
		"subshells in a row":   strings.Repeat("(a=1; a $a);", many),
		"here-documents":       strings.Repeat("cat <<A\n$a `b`\nA\n", 10_000),
		"sums":                 "a=$((1" + strings.Repeat("+$b", many) + "))",
		"defaults in defaults": "a " + strings.Repeat("${b:-", 300) + strings.Repeat("}", 300),
		"tests":                "[ " + strings.Repeat("-n $a -a ", many) + "b ]",
		"quotes":               "a " + strings.Repeat("'$b'", many) + strings.Repeat("'`'", many),
		"find in a pipe":       "find" + strings.Repeat("|xargs -a|find .", many),
		"blank assignments":    strings.Repeat("a= ", many),
	}
	for name, text := range cases {
		t.Run(name, func(t *testing.T) {
			if testing.Short() && len(text) > 200_000 {
				t.Skip("takes seconds under the race detector: run without -short")
			}
			start := time.Now()
			f := parse("Dockerfile", []byte("FROM a:1\n"+inLines(text)))
			parsed := time.Since(start)
			if len(f.faults) > 0 {
				t.Errorf("the file is at fault: %v", f.faults[0])
			}
			l := f.lint(&Native{})
			took := time.Since(start)
			t.Logf("%d bytes: parsed in %v, all in %v, %d findings, limits %q", len(text), parsed.Round(time.Millisecond), took.Round(time.Millisecond), len(l.hits), f.limits)
			if took > time.Minute {
				t.Errorf("took %v: more than linear", took)
			}
		})
	}
}

// inLines makes a RUN of a text, in lines that BuildKit reads.
func inLines(text string) string {
	if strings.Contains(text, "\n") {
		return "RUN <<'BOLTEND'\n" + text + "\nBOLTEND\n"
	}
	var b strings.Builder
	b.WriteString("RUN ")
	const most = 10_000
	for len(text) > most {
		b.WriteString(text[:most] + "\\\n")
		text = text[most:]
	}
	return b.String() + text + "\n"
}
