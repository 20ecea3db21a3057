package dockerfile

import (
	"maps"
	"slices"
	"strings"
)

// wrapper is a program that runs the program that it is given.
type wrapper struct {
	// letters are its options that take the next word, long those with two dashes.
	letters string
	long    []string
	// operands is how many words stand before the program.
	operands int
}

var wrappers = map[string]wrapper{
	"sudo":      {letters: "ugCDRTrthp", long: []string{"user", "group", "chdir", "host", "prompt", "role", "type", "chroot"}},
	"doas":      {letters: "uC"},
	"env":       {letters: "uC", long: []string{"unset", "chdir"}},
	"nohup":     {},
	"time":      {letters: "fo"},
	"nice":      {letters: "n", long: []string{"adjustment"}},
	"ionice":    {letters: "cn", long: []string{"class", "classdata"}},
	"stdbuf":    {letters: "ioe"},
	"timeout":   {letters: "ks", long: []string{"kill-after", "signal"}, operands: 1},
	"gosu":      {operands: 1},
	"su-exec":   {operands: 1},
	"chroot":    {operands: 1},
	"xargs":     {letters: "IiLlnPEesda", long: []string{"max-args", "max-procs", "delimiter", "arg-file", "max-lines"}},
	"eatmydata": {},
	"fakeroot":  {},
	"setsid":    {},
	"find":      {},
}

var wrapperNames = slices.Sorted(maps.Keys(wrappers))

// maxWrapped bounds how many wrappers stand around a program.
const maxWrapped = 8

// effective is the command that a wrapper runs: "chmod 777 x" of "sudo chmod 777 x"
// and of "find . -exec chmod 777 {} +". It stands where the whole stands. A command
// without a wrapper is given as it is.
func effective(c *command) *command {
	words, assigns := c.words, c.assigns
	for range maxWrapped {
		inner, set := unwrapped(words)
		if len(inner) == 0 {
			break
		}
		words, assigns = inner, append(slices.Clip(assigns), set...)
	}
	if len(words) == len(c.words) {
		return c
	}
	inner := *c
	inner.words, inner.assigns = words, assigns
	return &inner
}

// unwrapped gives the words that a wrapper runs and the variables that it sets for
// them; none where there is no wrapper.
func unwrapped(words []arg) ([]arg, []assignment) {
	if len(words) < 2 {
		return nil, nil
	}
	name := words[0].text
	w, known := wrappers[name]
	if !known {
		return nil, nil
	}
	if name == "find" {
		return findExec(words), nil
	}
	var set []assignment
	skip := w.operands
	for n := 1; n < len(words); n++ {
		word := words[n].text
		switch key, value, assigned := strings.Cut(word, "="); {
		case word == "--":
		case strings.HasPrefix(word, "-"):
			if w.valued(word) {
				n++
			}
		case assigned && (name == "env" || name == "sudo" || name == "doas"):
			set = append(set, assignment{key, value})
		case skip > 0:
			skip--
		default:
			return words[n:], set
		}
	}
	return nil, nil
}

// valued says whether an option takes the next word.
func (w wrapper) valued(word string) bool {
	if long, ok := strings.CutPrefix(word, "--"); ok {
		return slices.Contains(w.long, long)
	}
	n := strings.IndexAny(word, w.letters)
	return n > 0 && n == len(word)-1
}

// findExec gives what find runs.
func findExec(words []arg) []arg {
	from := slices.IndexFunc(words, func(a arg) bool { return a.text == "-exec" || a.text == "-execdir" }) + 1
	if from == 0 {
		return nil
	}
	for n := from; n < len(words); n++ {
		if words[n].text == ";" || words[n].text == "+" {
			return words[from:n]
		}
	}
	return words[from:]
}

// onProgram is onCommand that sees through wrappers: the check gets the effective
// command.
func onProgram(f func(*report, *command), programs ...string) check {
	names := slices.Clone(programs)
	for _, name := range wrapperNames {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return onCommand(func(r *report, c *command) {
		inner := effective(c)
		name := inner.name()
		if slices.Contains(programs, name) || slices.Contains(programs, strings.TrimRight(name, "0123456789.")) {
			f(r, inner)
		}
	}, names...)
}

// givenOption is an option of a command, without its dashes.
type givenOption struct {
	name, value string
	// word is the index of its word.
	word int
}

// options reads a command's options as getopt does. letters are the short ones that
// take a value, long the long ones that take the next word where no "=" gives it.
func (c *command) options(letters string, long ...string) []givenOption {
	var out []givenOption
	words := c.words
	for n := 1; n < len(words); n++ {
		word := words[n].text
		if word == "--" {
			break
		}
		if name, isLong := strings.CutPrefix(word, "--"); isLong {
			name, value, set := strings.Cut(name, "=")
			o := givenOption{name, value, n}
			if !set && n+1 < len(words) && slices.Contains(long, name) {
				n++
				o.value = words[n].text
			}
			out = append(out, o)
			continue
		}
		if len(word) < 2 || word[0] != '-' {
			continue
		}
		for k := 1; k < len(word); k++ {
			o := givenOption{name: word[k : k+1], word: n}
			if strings.IndexByte(letters, word[k]) < 0 {
				out = append(out, o)
				continue
			}
			if o.value = word[k+1:]; o.value == "" && n+1 < len(words) {
				n++
				o.value = words[n].text
			}
			out = append(out, o)
			break
		}
	}
	return out
}

// given says whether one of the options is there.
func given(options []givenOption, names ...string) bool {
	return slices.ContainsFunc(options, func(o givenOption) bool { return slices.Contains(names, o.name) })
}
