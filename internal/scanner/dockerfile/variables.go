package dockerfile

import (
	"slices"
	"sort"
	"strings"
)

// variableSetting is one place where ARG or ENV sets a variable.
type variableSetting struct {
	at    *instruction
	value string
	// set is false for an ARG that only declares; plain is false where the value
	// is made of others.
	set, plain bool
}

// maxLookback bounds how many settings of one name are looked at, and of the
// parents of a stage.
const maxLookback = 16

// settings are all places that set variables, by name, in order of the file.
func (f *file) settings() map[string][]variableSetting {
	if f.variables != nil {
		return f.variables
	}
	f.variables = make(map[string][]variableSetting)
	for _, i := range f.instructions {
		if i.broken || i.keyword != "ARG" && i.keyword != "ENV" {
			continue
		}
		for _, p := range i.pairs() {
			value := unquote(p.value)
			plain := !strings.ContainsAny(value, `$\`) || strings.HasPrefix(p.value, "'")
			f.variables[p.key] = append(f.variables[p.key], variableSetting{i, value, p.set, plain})
		}
	}
	return f.variables
}

// before gives the settings of a name that stand above an instruction, not more
// than the last few.
func (i *instruction) before(name string) []variableSetting {
	list := i.file.settings()[name]
	n := sort.Search(len(list), func(n int) bool { return list[n].at.where.start >= i.where.start })
	return list[max(0, n-maxLookback):n]
}

// variable gives the value that a variable has at an instruction, as far as the
// file tells: ENV goes before ARG, and a stage has what the one that it builds on
// has. An ARG without a value waits for one: it is not known.
func (i *instruction) variable(name string) (value string, known bool) {
	var arg *variableSetting
	for _, s := range slices.Backward(i.before(name)) {
		switch {
		case s.at.stage == nil: // the default of a bare ARG
			if arg != nil && !arg.set {
				arg = &s
			}
		case !i.stage.sees(s.at.stage):
		case s.at.keyword == "ENV":
			return s.value, s.plain
		case arg == nil:
			arg = &s
		}
	}
	if arg == nil {
		return "", false
	}
	return arg.value, arg.plain && arg.value != ""
}

// sees says whether a stage is another one, or builds on it.
func (st *stage) sees(other *stage) bool {
	for n := 0; st != nil && n < maxLookback; n++ {
		if st == other {
			return true
		}
		st = st.parent
	}
	return false
}

// maxValue bounds a value that variables are put into, in bytes.
const maxValue = 4096

// expand gives the value of a word as BuildKit makes it; false where that cannot be
// told from the file, or is too long to be put together.
func (i *instruction) expand(word string) (string, bool) {
	value := unquote(word)
	if strings.HasPrefix(word, "'") && value != word {
		return value, true
	}
	special := "$" + string(rune(i.file.escape))
	var b strings.Builder
	for {
		n := strings.IndexAny(value, special)
		if n < 0 {
			b.WriteString(value)
			return b.String(), true
		}
		if len(value) > maxValue || b.Len() > maxValue {
			return "", false
		}
		b.WriteString(value[:n])
		if value[n] != '$' {
			b.WriteString(value[n+1 : min(n+2, len(value))])
			value = value[min(n+2, len(value)):]
			continue
		}
		name, rest := variableName(value[n:])
		known, ok := i.variable(name)
		if name == "" || !ok {
			return "", false
		}
		b.WriteString(known[:min(len(known), maxValue)])
		value = rest
	}
}

// variableName reads the "$name" or "${name}" that a text begins with, and what
// follows it. Where there is none, or more than a name in the braces, it is empty.
func variableName(text string) (name, rest string) {
	text, ok := strings.CutPrefix(text, "$")
	if !ok {
		return "", ""
	}
	text, braced := strings.CutPrefix(text, "{")
	name = nameAt(text)
	rest = text[len(name):]
	if braced {
		if rest, ok = strings.CutPrefix(rest, "}"); !ok {
			return "", ""
		}
	}
	return name, rest
}

// nameAt is the name of a variable that a text begins with.
func nameAt(text string) string {
	n := 0
	for n < len(text) && (text[n] == '_' || isLetter(rune(text[n])) || n > 0 && isDigit(rune(text[n]))) {
		n++
	}
	return text[:n]
}
