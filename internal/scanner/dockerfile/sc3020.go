package dockerfile

import (
	"mvdan.cc/sh/v3/syntax"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "SC3020", Severity: finding.Medium,
	Title:       "&> is not defined in sh",
	Remediation: "Write > file 2>&1",
}, onNode(bothStreams))

func bothStreams(r *report, w *shellWalk, d *syntax.Redirect) {
	if w.posix() && d.Op == syntax.RdrAll {
		r.region(w, int(d.OpPos.Offset()), int(d.End().Offset()), "sh runs in the background what stands before &>: write > file 2>&1")
	}
}
