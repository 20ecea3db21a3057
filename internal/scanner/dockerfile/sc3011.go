package dockerfile

import (
	"mvdan.cc/sh/v3/syntax"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "SC3011", Severity: finding.Medium,
	Title:       "<<< is not defined in sh",
	Remediation: "Use a pipe or a here-document",
}, onNode(hereString))

func hereString(r *report, w *shellWalk, d *syntax.Redirect) {
	if w.posix() && d.Op == syntax.WordHdoc {
		r.region(w, int(d.OpPos.Offset()), int(d.End().Offset()), "sh knows no <<<")
	}
}
