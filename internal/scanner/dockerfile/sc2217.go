package dockerfile

import (
	"slices"

	"mvdan.cc/sh/v3/syntax"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "SC2217", Severity: finding.Medium,
	Title:       "Input for a program that does not read",
	Remediation: "Give it as arguments",
}, onCall(deafInput))

func deafInput(r *report, w *shellWalk, c *call) {
	if !deaf(c.name) || c.readsInput() {
		return
	}
	if slices.ContainsFunc(c.stmt.Redirs, func(d *syntax.Redirect) bool { return d.Op == syntax.RdrIn || d.Op == syntax.WordHdoc || d.Hdoc != nil }) {
		r.node(w, c.words[0], "%s does not read its input", c.name)
	}
}
