package dockerfile

import (
	"mvdan.cc/sh/v3/syntax"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "SC3004", Severity: finding.Medium,
	Title:       "$\"…\" is not defined in sh",
	Remediation: "Leave the dollar sign out",
}, onNode(dollarDouble))

func dollarDouble(r *report, w *shellWalk, q *syntax.DblQuoted) {
	if w.posix() && q.Dollar {
		r.node(w, q, "sh translates no texts: leave the dollar sign out")
	}
}
