package dockerfile

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// written writes options and operands as one line: "-u=1 --x=2 | a b".
func (p parsed) written() string {
	var words []string
	for _, o := range p.options {
		words = append(words, o.name+"="+o.value)
	}
	words = append(words, "|")
	for _, o := range p.operands {
		words = append(words, o.text)
	}
	return strings.Join(words, " ")
}

func TestGetopt(t *testing.T) {
	for name, c := range map[string]struct{ line, want string }{
		"nothing":                               {"p", "|"},
		"operands and options in any order":     {"p a -x b --long c", "x= long= | a b c"},
		"a letter takes the next word":          {"p -u 1 a", "u=1 | a"},
		"a letter takes what is behind it":      {"p -u1 a", "u=1 | a"},
		"letters stand together":                {"p -xyu 1 a", "x= y= u=1 | a"},
		"a value holds letters":                 {"p -xuxy a", "x= u=xy | a"},
		"a long option takes the next word":     {"p --uid 1 a", "uid=1 | a"},
		"a long option takes its own value":     {"p --uid=1 a --flag=2", "uid=1 flag=2 | a"},
		"an empty value is one":                 {"p --uid= a", "uid= | a"},
		"two dashes end the options":            {"p -x -- -u 1", "x= | -u 1"},
		"a dash alone is an operand":            {"p -u - -", "u=- | -"},
		"a value that is missing is empty":      {"p a -u", "u= | a"},
		"a long value that is missing is empty": {"p a --uid", "uid= | a"},
	} {
		cmd := parse("Dockerfile", []byte("FROM a:1\nRUN "+c.line+"\n")).instructions[1].script.commands[0]
		if diff := cmp.Diff(c.want, cmd.getopt("u", "uid").written()); diff != "" {
			t.Errorf("%s: %s (-want +got):\n%s", name, c.line, diff)
		}
	}
}

func TestGetoptValue(t *testing.T) {
	p := parsed{options: []option{{"u", "1"}, {"uid", "2"}, {"l", ""}}}
	if got, set := p.value("u", "uid"); got != "2" || !set {
		t.Errorf("got %q, %v: the last one counts", got, set)
	}
	if _, set := p.value("x"); set || p.has("x") || !p.has("x", "l") {
		t.Error("has and value disagree with what is given")
	}
}
