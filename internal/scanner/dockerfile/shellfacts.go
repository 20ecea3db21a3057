package dockerfile

import (
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// splits says whether what is expanded at the present place is split into words
// and matched against files. A program's name is left to who wrote it.
func (w *shellWalk) splits() bool {
	if w.quoted {
		return false
	}
	switch w.place {
	case inArgs, inRedirect:
		return true
	case inDeclare:
		return w.dialect == "sh"
	}
	return false
}

// setsErrexit says whether the script says set -e anywhere.
func (w *shellWalk) setsErrexit() bool {
	if w.errexit != nil {
		return *w.errexit
	}
	found := slices.ContainsFunc(w.script.commands, func(c *command) bool {
		return c.name() == "set" && slices.ContainsFunc(c.args(), func(a arg) bool {
			return a.text == "errexit" || strings.HasPrefix(a.text, "-") && !strings.HasPrefix(a.text, "--") && strings.Contains(a.text, "e")
		})
	})
	w.errexit = &found
	return found
}

// conditional says whether the success of the statement that is looked at, or of
// anything around it, decides what is run next.
func (w *shellWalk) conditional() bool {
	var child syntax.Node
	for n := len(w.stack) - 1; n >= max(0, len(w.stack)-maxUp); n-- {
		if child != nil && decides(w.stack[n], child) {
			return true
		}
		child = w.stack[n]
	}
	return false
}

// maxUp is how far up a tree is looked from within it, in nodes.
const maxUp = 512

func decides(parent, child syntax.Node) bool {
	switch p := parent.(type) {
	case *syntax.BinaryCmd:
		return !isPipe(p) && p.X == child
	case *syntax.IfClause:
		for ; p != nil; p = p.Else {
			if n := len(p.Cond); n > 0 && p.Cond[n-1] == child {
				return true
			}
		}
	case *syntax.WhileClause:
		return len(p.Cond) > 0 && p.Cond[len(p.Cond)-1] == child
	}
	return false
}

// globs says whether a word has an unquoted pattern in it.
func globs(word *syntax.Word) bool {
	return slices.ContainsFunc(word.Parts, func(p syntax.WordPart) bool {
		switch p := p.(type) {
		case *syntax.Lit:
			return patterned(p.Value)
		case *syntax.ExtGlob:
			return true
		}
		return false
	})
}

// patterned says whether a text has a wildcard or a range in it.
func patterned(text string) bool {
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '*', '?':
			return true
		case '[':
			if classEnd(text, i) > 0 {
				return true
			}
		}
	}
	return false
}

// classEnd is the index behind a character class that begins at i; 0 where none
// does.
func classEnd(text string, i int) int {
	j := i + 1
	if j < len(text) && (text[j] == '!' || text[j] == '^') {
		j++
	}
	if j < len(text) && text[j] == ']' {
		j++
	}
	for j < min(len(text), i+maxClass) {
		switch c := text[j]; {
		case c == ']':
			return j + 1
		case c == '\\':
			j++
		case strings.HasPrefix(text[j:], "[:"):
			end := strings.Index(text[j:min(len(text), i+maxClass)], ":]")
			if end < 0 {
				return 0
			}
			j += end + 1
		case strings.IndexByte(" \t\n;&|<>()'\"`$", c) >= 0:
			return 0
		}
		j++
	}
	return 0
}

// maxClass is the longest character class, in bytes.
const maxClass = 256

// class is a character class in a text, from byte i up to byte j.
type class struct{ i, j int }

// classes finds the character classes of a text.
func classes(text string) []class {
	var out []class
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '[':
			if j := classEnd(text, i); j > 0 {
				out = append(out, class{i, j})
				i = j - 1
			}
		}
	}
	return out
}

// brace is a brace expansion, or a brace that is none, in a word.
type brace struct {
	i, j    int
	expands bool
}

// braces finds the unquoted braces of a word, by offsets into the script. "{}" is
// no one's business.
func (w *shellWalk) braces(word *syntax.Word) []brace {
	var b braceReader
	for _, part := range word.Parts {
		if lit, ok := part.(*syntax.Lit); ok && strings.ContainsAny(lit.Value, "{},.") {
			b.read(w.raw(lit), int(lit.ValuePos.Offset()))
		}
	}
	for _, o := range b.open {
		b.found = append(b.found, brace{o.at, o.at + 1, false})
	}
	return b.found
}

// braceReader reads the braces of a word, text by text.
type braceReader struct {
	found []brace
	open  []openBrace
}

// openBrace is a brace that is not closed yet.
type openBrace struct {
	at int
	// lists says that there are commas or dots behind it.
	lists bool
	// found is how many braces had been found before it.
	found int
}

func (b *braceReader) read(text string, at int) {
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '\\':
			i++
		case c == '{' && len(b.open) == 0 && strings.HasPrefix(text[i:], "{}"):
			i++
		case c == '{':
			b.open = append(b.open, openBrace{at: at + i, found: len(b.found)})
		case c == '}':
			b.closed(at + i)
		case len(b.open) > 0 && (c == ',' || strings.HasPrefix(text[i:], "..")):
			b.open[len(b.open)-1].lists = true
		}
	}
}

// closed notes a closing brace.
func (b *braceReader) closed(at int) {
	if len(b.open) == 0 {
		b.found = append(b.found, brace{at, at + 1, false})
		return
	}
	top := b.open[len(b.open)-1]
	b.open = b.open[:len(b.open)-1]
	if top.lists {
		b.found = append(b.found[:top.found], brace{top.at, at + 1, true})
		return
	}
	b.found = append(b.found, brace{top.at, top.at + 1, false}, brace{at, at + 1, false})
}

// everything says whether an expansion is of all of a list: "$@", "${a[@]}".
func everything(p *syntax.ParamExp) bool {
	if p.Length || p.Param == nil {
		return false
	}
	if p.Param.Value == "@" {
		return true
	}
	word, ok := p.Index.(*syntax.Word)
	if !ok {
		return false
	}
	text, lit := literalWord(word)
	return lit && text == "@"
}

// alternative says whether an expansion gives a text of its own where the variable
// is set, as "${x:+-v}": it is unquoted on purpose.
func alternative(p *syntax.ParamExp) bool {
	return p.Exp != nil && (p.Exp.Op == syntax.AlternateUnset || p.Exp.Op == syntax.AlternateUnsetOrNull)
}

// substitutes says whether a word has a command substitution among its parts.
func substitutes(word *syntax.Word) bool {
	return word != nil && slices.ContainsFunc(word.Parts, func(p syntax.WordPart) bool {
		if q, ok := p.(*syntax.DblQuoted); ok {
			return slices.ContainsFunc(q.Parts, isSubstitution)
		}
		return isSubstitution(p)
	})
}

func isSubstitution(p syntax.WordPart) bool {
	_, ok := p.(*syntax.CmdSubst)
	return ok
}

// onlyCall is the call that a list consists of; nil where it is anything else.
func onlyCall(list []*syntax.Stmt) *call {
	if len(list) != 1 {
		return nil
	}
	node, ok := list[0].Cmd.(*syntax.CallExpr)
	if !ok {
		return nil
	}
	return newCall(list[0], node)
}
