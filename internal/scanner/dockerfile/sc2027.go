package dockerfile

import (
	"mvdan.cc/sh/v3/syntax"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "SC2027", Severity: finding.Medium,
	Title:       "Expansion is outside of the quotes around it",
	Remediation: "Leave the inner quotes out, or escape them",
}, onNode(trappedExpansion))

func trappedExpansion(r *report, w *shellWalk, word *syntax.Word) {
	w.trapped(word, func(_ *syntax.DblQuoted, part syntax.WordPart, _ *syntax.DblQuoted) {
		switch p := part.(type) {
		case *syntax.ParamExp:
			r.node(w, p, "the quotes around %s end before it", quote(w.raw(p)))
		case *syntax.CmdSubst:
			if !p.Backquotes {
				r.node(w, p, "the quotes around %s end before it", quote(w.raw(p)))
			}
		}
	})
}
