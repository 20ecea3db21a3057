package dockerfile

import (
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// variableUse is where a script sets and reads a variable.
type variableUse struct {
	// last is where it is set last, read where it is read first, in the order of
	// the text.
	last, read syntax.Node
	// exported says that programs see it, or that it is set for one only.
	exported bool
	// array and scalar say what it has been set to.
	array, scalar bool
	// keyed says that it is an array by text.
	keyed bool
	// guarded says that it is read with a default first.
	guarded bool
	// checked says that the script asks whether it is empty.
	checked bool
}

func (u *variableUse) set(n syntax.Node) {
	if u.last == nil || n.Pos().After(u.last.Pos()) {
		u.last = n
	}
}

func (w *shellWalk) use(name string) *variableUse {
	u := w.uses[name]
	if u == nil {
		u = &variableUse{}
		w.uses[name] = u
		w.names = append(w.names, name)
	}
	return u
}

// assigned notes that a variable is set.
func (w *shellWalk) assigned(name string, n syntax.Node, v value) {
	if !w.dry {
		w.use(name).set(n)
	}
	w.vars.set(name, v)
}

// referenced notes that a variable is read.
func (w *shellWalk) referenced(name string, n syntax.Node) {
	if w.dry {
		return
	}
	u := w.use(name)
	if u.read != nil && !u.read.Pos().After(n.Pos()) {
		return
	}
	u.read = n
	if u.guarded = w.place == inArray; u.guarded {
		return
	}
	if p, ok := n.(*syntax.ParamExp); ok {
		u.guarded = p.Exp != nil && defaults(p.Exp.Op) || p.IsSet
	}
}

// asks notes the variables that are asked whether they are empty.
func (w *shellWalk) asks(parts []syntax.WordPart) {
	for _, p := range parts {
		switch p := p.(type) {
		case *syntax.DblQuoted:
			w.asks(p.Parts)
		case *syntax.ParamExp:
			if p.Param != nil {
				w.use(p.Param.Value).checked = true
			}
		}
	}
}

// asksName notes that a variable is asked whether it is set, by its name.
func (w *shellWalk) asksName(word *syntax.Word) {
	if name, ok := literalWord(word); ok && isName(name) {
		w.use(name).checked = true
	}
}

// mentioned notes the variables that code in a literal reads.
func (w *shellWalk) mentioned(text string, word *syntax.Word) {
	for {
		n := strings.IndexByte(text, '$')
		if n < 0 {
			return
		}
		text = strings.TrimPrefix(text[n+1:], "{")
		end := 0
		for end < len(text) && isName("_"+text[end:end+1]) {
			end++
		}
		if name := text[:end]; isName(name) {
			w.referenced(name, word)
		}
		text = text[end:]
	}
}

// defaults says whether an operator copes with a variable that is not set.
func defaults(op syntax.ParExpOperator) bool {
	switch op {
	case syntax.AlternateUnset, syntax.AlternateUnsetOrNull, syntax.DefaultUnset, syntax.DefaultUnsetOrNull,
		syntax.ErrorUnset, syntax.ErrorUnsetOrNull, syntax.AssignUnset, syntax.AssignUnsetOrNull:
		return true
	}
	return false
}

// literalWord is a word without quotes and escapes; false where it expands anything.
func literalWord(word *syntax.Word) (string, bool) {
	if word == nil {
		return "", false
	}
	if len(word.Parts) == 1 {
		if lit, ok := word.Parts[0].(*syntax.Lit); ok && strings.IndexByte(lit.Value, '\\') < 0 {
			return lit.Value, true
		}
	}
	var b strings.Builder
	for _, part := range word.Parts {
		switch part := part.(type) {
		case *syntax.Lit:
			unescape(&b, part.Value, false)
		case *syntax.SglQuoted:
			b.WriteString(part.Value)
		case *syntax.DblQuoted:
			for _, p := range part.Parts {
				lit, ok := p.(*syntax.Lit)
				if !ok {
					return "", false
				}
				unescape(&b, lit.Value, true)
			}
		default:
			return "", false
		}
	}
	return b.String(), true
}

// raw is a node as it is written.
func (w *shellWalk) raw(n syntax.Node) string {
	return w.script.raw(int(n.Pos().Offset()), int(n.End().Offset()))
}

// node reports a node, identified by itself and the statement around it.
func (r *report) node(w *shellWalk, n syntax.Node, format string, args ...any) *hit {
	return r.region(w, int(n.Pos().Offset()), int(n.End().Offset()), format, args...)
}

// region reports a region of a script.
func (r *report) region(w *shellWalk, i, j int, format string, args ...any) *hit {
	s := w.script
	identity := s.raw(i, j)
	if st := w.statement(); st != nil {
		if around := s.raw(int(st.Pos().Offset()), int(st.End().Offset())); len(around) <= maxIdentity {
			identity = around + "\x00" + identity
		}
	}
	return r.at(s.run, s.span(i, j), strings.ReplaceAll(identity, "\\\n", ""), format, args...)
}

// statement is the innermost statement around the node that is looked at.
func (w *shellWalk) statement() *syntax.Stmt {
	for _, n := range slices.Backward(w.stack) {
		if st, ok := n.(*syntax.Stmt); ok {
			return st
		}
	}
	return nil
}
