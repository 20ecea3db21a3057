package dockerfile

import (
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// Fixes of shell code that rules of the tree call with the node at fault.

// fixSC2006 writes a command substitution with $(…). Between backticks a backslash
// and a quote can mean something else, a comment would take the closing bracket with
// it, and behind a $ the bracket would be another thing: these stay.
func fixSC2006(h *hit, s *script, sub *syntax.CmdSubst) {
	i, j := int(sub.Left.Offset()), int(sub.Right.Offset())
	if !sub.Backquotes || !s.editable() || j <= i || j >= len(s.text) || s.text[i] != '`' || s.text[j] != '`' {
		return
	}
	inside := s.text[i+1 : j]
	if strings.ContainsAny(inside, "\\\"#`") || strings.Contains(inside, "case") || strings.HasPrefix(inside, "(") || i > 0 && s.text[i-1] == '$' {
		return
	}
	h.description = "use $(…)"
	h.replace(s.span(i, i+1), "$(").replace(s.span(j, j+1), ")")
}

// quoteNode puts double quotes around a part of a word: for SC2086 and SC2046, where
// the rule knows that it is one word and meant to be. What holds several words, or
// may be empty, works only without quotes, so that nobody else should call it.
func quoteNode(h *hit, s *script, n syntax.Node) {
	i, j := int(n.Pos().Offset()), int(n.End().Offset())
	if !s.editable() || j <= i || j > len(s.text) {
		return
	}
	mark := `"`
	if s.run.exec {
		mark = `\"` // the script is a string of an array
	}
	at := s.span(i, j)
	h.description = "put it into double quotes"
	h.insert(at.start, mark).insert(at.end, mark)
}

// editable says whether a script can be mended where it stands.
func (s *script) editable() bool { return s.tree != nil && !s.foreign && !s.other && s.err == nil }
