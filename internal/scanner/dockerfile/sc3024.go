package dockerfile

import (
	"mvdan.cc/sh/v3/syntax"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "SC3024", Severity: finding.Medium,
	Title:       "+= is not defined in sh",
	Remediation: "Write x=\"$x…\"",
}, onNode(appending))

func appending(r *report, w *shellWalk, a *syntax.Assign) {
	if w.posix() && a.Append {
		r.node(w, a, "sh knows no +=: write the variable on both sides")
	}
}
