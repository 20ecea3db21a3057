package dockerfile

import (
	"slices"

	"mvdan.cc/sh/v3/syntax"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "SC2125", Severity: finding.Medium,
	Title:       "Pattern or brace expansion is assigned as text",
	Remediation: "Quote it, or use an array",
}, onNode(assignedPattern))

func assignedPattern(r *report, w *shellWalk, a *syntax.Assign) {
	if a.Value == nil || a.Array != nil {
		return
	}
	if globs(a.Value) || slices.ContainsFunc(w.braces(a.Value), func(b brace) bool { return b.expands }) {
		r.node(w, a.Value, "nothing is matched or expanded in an assignment: the text itself is kept")
	}
}
