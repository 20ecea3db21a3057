package dockerfile

import (
	"slices"
	"strings"
)

// parsed is a command's line as getopt reads it: options may stand anywhere, "--"
// ends them, and those of one letter may stand together.
type parsed struct {
	options  []option
	operands []arg
}

// option is one option, without dashes, with its value.
type option struct{ name, value string }

// getopt reads a command's arguments. short are the letters that take a value,
// long the names that take the next word as one where no "=" gives it.
func (c *command) getopt(short string, long ...string) parsed {
	var p parsed
	args := c.args()
	next := func(n int) string {
		if n < len(args) {
			return args[n].text
		}
		return ""
	}
	for n := 0; n < len(args); n++ {
		word := args[n].text
		switch {
		case word == "--":
			p.operands = append(p.operands, args[n+1:]...)
			return p
		case strings.HasPrefix(word, "--"):
			name, value, set := strings.Cut(word[2:], "=")
			if !set && slices.Contains(long, name) {
				n++
				value = next(n)
			}
			p.options = append(p.options, option{name, value})
		case len(word) > 1 && word[0] == '-':
			if p.letters(word[1:], short, next(n+1)) {
				n++
			}
		default:
			p.operands = append(p.operands, args[n])
		}
	}
	return p
}

// letters reads options of one letter. It says whether the next word is the value
// of the last one.
func (p *parsed) letters(word, valued, next string) bool {
	for n := range len(word) {
		name := word[n : n+1]
		switch {
		case !strings.Contains(valued, name):
			p.options = append(p.options, option{name: name})
		case n+1 < len(word):
			p.options = append(p.options, option{name, word[n+1:]})
			return false
		default:
			p.options = append(p.options, option{name, next})
			return true
		}
	}
	return false
}

// has says whether one of the options is given.
func (p parsed) has(names ...string) bool {
	return slices.ContainsFunc(p.options, func(o option) bool { return slices.Contains(names, o.name) })
}

// value gives the last value of an option; false where it is not given.
func (p parsed) value(names ...string) (string, bool) {
	for _, o := range slices.Backward(p.options) {
		if slices.Contains(names, o.name) {
			return o.value, true
		}
	}
	return "", false
}
