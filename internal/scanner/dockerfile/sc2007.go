package dockerfile

import (
	"mvdan.cc/sh/v3/syntax"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "SC2007", Severity: finding.Info,
	Title:       "$[…] is outdated",
	Remediation: "Write $((…))",
}, onNode(outdatedArithmetic))

func outdatedArithmetic(r *report, w *shellWalk, a *syntax.ArithmExp) {
	if a.Bracket {
		r.node(w, a, "write $((…)): $[…] is undocumented and may go")
	}
}
