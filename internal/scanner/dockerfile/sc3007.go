package dockerfile

import (
	"mvdan.cc/sh/v3/syntax"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "SC3007", Severity: finding.Medium,
	Title:       "$[…] is not defined in sh",
	Remediation: "Write $((…))",
}, onNode(bracketArithmetic))

func bracketArithmetic(r *report, w *shellWalk, a *syntax.ArithmExp) {
	if w.posix() && a.Bracket {
		r.node(w, a, "sh knows no $[…]: write $((…))")
	}
}
