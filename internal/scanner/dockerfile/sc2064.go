package dockerfile

import (
	"mvdan.cc/sh/v3/syntax"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "SC2064", Severity: finding.Medium,
	Title:       "Variable in a trap is expanded at once",
	Remediation: "Write the trap in single quotes",
}, onCall(earlyTrap, "trap"))

func earlyTrap(r *report, w *shellWalk, c *call) {
	if len(c.words) < 3 {
		return
	}
	for _, p := range c.words[1].Parts {
		q, ok := p.(*syntax.DblQuoted)
		if !ok {
			continue
		}
		for _, inner := range q.Parts {
			switch inner.(type) {
			case *syntax.ParamExp, *syntax.CmdSubst:
				r.node(w, inner, "%s is expanded now, not when the trap is run", quote(w.raw(inner)))
			}
		}
	}
}
