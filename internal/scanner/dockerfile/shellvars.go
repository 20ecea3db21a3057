package dockerfile

import (
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// value is what is known of a variable's value: what an expansion of it does
// where it stands unquoted. The zero value is the worst: it may be split or match
// files.
type value uint8

const (
	valueAny value = iota
	// valueNone gives no word at all.
	valueNone
	// valueOne gives exactly one word.
	valueOne
)

// either is a value that is one of two.
func (v value) either(other value) value {
	switch {
	case v == valueNone:
		return other
	case other == valueNone:
		return v
	}
	return min(v, other)
}

// tracked are the values of variables along the way of a script. What a branch
// changes is undone from a log, so that no state is ever copied.
type tracked struct {
	now map[string]value
	log []undo
	// dead says that the way goes no further: an exit has been passed.
	dead bool
}

type undo struct {
	name string
	was  value
	set  bool
}

func (v *tracked) get(name string) value { return v.now[name] }

func (v *tracked) set(name string, to value) {
	was, set := v.now[name]
	v.log = append(v.log, undo{name, was, set})
	v.now[name] = to
}

// branch is what one way has changed.
type branch struct {
	changed map[string]value
	dead    bool
}

// try runs a part of the script and takes back what it did to the variables.
func (v *tracked) try(part func()) branch {
	mark, dead := len(v.log), v.dead
	part()
	b := branch{dead: v.dead}
	v.dead = dead
	for len(v.log) > mark {
		last := v.log[len(v.log)-1]
		v.log = v.log[:len(v.log)-1]
		if _, ok := b.changed[last.name]; !ok {
			if b.changed == nil {
				b.changed = make(map[string]value)
			}
			b.changed[last.name] = v.now[last.name]
		}
		if last.set {
			v.now[last.name] = last.was
		} else {
			delete(v.now, last.name)
		}
	}
	return b
}

// join goes on with what any of the branches may have left.
func (v *tracked) join(branches ...branch) {
	open := 0
	type joined struct {
		value value
		count int
	}
	names := make(map[string]joined)
	for _, b := range branches {
		if b.dead {
			continue
		}
		open++
		for name, to := range b.changed {
			j, again := names[name]
			if again {
				to = j.value.either(to)
			}
			names[name] = joined{to, j.count + 1}
		}
	}
	if open == 0 {
		v.dead = true
		return
	}
	for name, j := range names {
		if j.count < open { // some leave it as it was
			j.value = j.value.either(v.get(name))
		}
		v.set(name, j.value)
	}
}

// numeric are the variables whose values never need quotes.
func numeric(name string) bool {
	switch name {
	case "#", "?", "$", "!", "-",
		"BASHPID", "BASH_ARGC", "BASH_LINENO", "BASH_SUBSHELL", "COLUMNS", "EPOCHREALTIME", "EPOCHSECONDS", "EUID",
		"HISTFILESIZE", "HISTSIZE", "LINENO", "LINES", "OPTIND", "PPID", "RANDOM", "SECONDS", "SHELLOPTS", "SHLVL", "SRANDOM", "UID":
		return true
	}
	return false
}

// value is what an unquoted expansion of a variable may be.
func (w *shellWalk) value(name string) value {
	if numeric(name) {
		return valueOne
	}
	return w.vars.get(name)
}

// wordValue is what is known of a word that is assigned.
func (w *shellWalk) wordValue(word *syntax.Word) value {
	if word == nil {
		return valueNone
	}
	return w.partsValue(word.Parts)
}

func (w *shellWalk) partsValue(parts []syntax.WordPart) value {
	v := valueNone
	for _, part := range parts {
		p := w.partValue(part)
		if p == valueAny {
			return valueAny
		}
		v = max(v, p)
	}
	return v
}

func (w *shellWalk) partValue(part syntax.WordPart) value {
	switch part := part.(type) {
	case *syntax.Lit:
		return textValue(part.Value)
	case *syntax.SglQuoted:
		return textValue(part.Value)
	case *syntax.DblQuoted:
		return w.partsValue(part.Parts)
	case *syntax.ArithmExp:
		return valueOne
	case *syntax.ParamExp:
		switch {
		case part.Length:
			return valueOne
		case part.Param == nil || part.Excl || part.Index != nil || part.Slice != nil || part.Repl != nil:
			return valueAny
		case part.Exp != nil && !removes(part.Exp.Op):
			return valueAny
		}
		return w.value(part.Param.Value)
	}
	return valueAny
}

// removes says whether an operator of an expansion cuts something off.
func removes(op syntax.ParExpOperator) bool {
	switch op {
	case syntax.RemSmallPrefix, syntax.RemLargePrefix, syntax.RemSmallSuffix, syntax.RemLargeSuffix:
		return true
	}
	return false
}

// textValue is what a text does when it is expanded unquoted.
func textValue(text string) value {
	switch {
	case text == "":
		return valueNone
	case strings.ContainsAny(text, " \t\n*?["):
		return valueAny
	}
	return valueOne
}
