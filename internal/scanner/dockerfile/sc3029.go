package dockerfile

import (
	"mvdan.cc/sh/v3/syntax"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "SC3029", Severity: finding.Medium,
	Title:       "|& is not defined in sh",
	Remediation: "Write 2>&1 |",
}, onNode(pipeBoth))

func pipeBoth(r *report, w *shellWalk, b *syntax.BinaryCmd) {
	if w.posix() && b.Op == syntax.PipeAll {
		r.region(w, int(b.OpPos.Offset()), int(b.OpPos.Offset())+2, "sh knows no |&: write 2>&1 |")
	}
}
