package dockerfile

import (
	"slices"

	"mvdan.cc/sh/v3/syntax"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "SC2070", Severity: finding.High,
	Title:       "-n of an unquoted variable is always true",
	Remediation: "Put double quotes around it",
}, onCall(unquotedLength, "["))

func unquotedLength(r *report, w *shellWalk, c *call) {
	for _, p := range c.bracket().primaries {
		if p.unary() && c.text(p.operator) == "-n" && splitting(c.words[p.left]) {
			r.node(w, c.words[p.left], "where it is empty, -n stands alone and is true")
		}
	}
}

// splitting says whether a word is cut apart at white space.
func splitting(word *syntax.Word) bool {
	return slices.ContainsFunc(word.Parts, func(p syntax.WordPart) bool {
		switch p := p.(type) {
		case *syntax.CmdSubst:
			return true
		case *syntax.ParamExp:
			return !p.Length
		}
		return false
	})
}
