package dockerfile

import (
	"strings"
	"testing"
)

func TestExpand(t *testing.T) {
	for name, c := range map[string]struct{ before, word, want string }{
		"text stands for itself":                          {"", `a b`, "a b"},
		"quotes are dropped":                              {"", `"a b"`, "a b"},
		"ENV is known":                                    {"ENV A=1", `x$A`, "x1"},
		"braces are dropped":                              {"ENV A='1'", `"${A}2"`, "12"},
		"the last ENV counts":                             {"ENV A=1\nENV A=2", `$A`, "2"},
		"ENV goes before a later ARG":                     {"ENV A=1\nARG A=2", `$A`, "1"},
		"the default of an ARG is known":                  {"ARG A=2", `$A`, "2"},
		"the default before the first FROM counts":        {"ARG P", `$P`, "top"},
		"a default of one's own goes before it":           {"ARG P=2", `$P`, "2"},
		"an ARG of the file alone isn't seen":             {"", `$P`, "?"},
		"a stage has what its parent has":                 {"FROM base", `$BASE`, "b"},
		"another stage's variables aren't seen":           {"FROM alpine", `$BASE`, "?"},
		"an ARG without a default waits for its value":    {"ARG A", `$A`, "?"},
		"an empty default waits for its value":            {"ARG A=", `$A`, "?"},
		"an empty ENV is empty":                           {"ENV A=", `x$A`, "x"},
		"an unknown variable is not known":                {"", `$A`, "?"},
		"what is made of others is not known":             {"ENV A=1\nENV B=$A", `$B`, "?"},
		"a variable in single quotes is no variable":      {"ENV A=1", `'$A'`, "$A"},
		"an escaped one is none":                          {"ENV A=1", `\$A`, "$A"},
		"more than a name in the braces is not known":     {"ENV A=1", `${A:-2}`, "?"},
		"a dollar alone is not known":                     {"", `a$`, "?"},
		"a brace that isn't closed is not known":          {"ENV A=1", `${A`, "?"},
		"an escape at the end is dropped":                 {"", `a\`, "a"},
		"what comes too late is not known":                {"", `$LATE`, "?"},
		"the last few settings of many are looked at":     {strings.Repeat("ENV A=1\n", 50) + "ENV A=2", `$A`, "2"},
		"a long value without variables is itself":        {"", strings.Repeat("x", 2*maxValue), strings.Repeat("x", 2*maxValue)},
		"a long value with variables is not put together": {"ENV A=1", strings.Repeat("$A", maxValue), "?"},
	} {
		f := parse("Dockerfile", []byte("ARG P=top\nFROM alpine AS base\nENV BASE=b\nFROM alpine AS other\nFROM scratch\n"+c.before+"\nRUN x\nENV LATE=1\n"))
		run := f.instructions[len(f.instructions)-2]
		got, known := run.expand(c.word)
		if !known {
			got = "?"
		}
		if got != c.want {
			t.Errorf("%s: %s is %q, want %q", name, c.word, got, c.want)
		}
	}
}
