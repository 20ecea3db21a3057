package dockerfile

import (
	"strings"

	"mvdan.cc/sh/v3/syntax"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "SC3025", Severity: finding.Medium,
	Title:       "/dev/tcp is not defined in sh",
	Remediation: "Use nc or curl",
}, onNode(networkFile))

func networkFile(r *report, w *shellWalk, d *syntax.Redirect) {
	if !w.posix() || d.Word == nil || d.Hdoc != nil {
		return
	}
	if text := w.raw(d.Word); strings.HasPrefix(text, "/dev/tcp/") || strings.HasPrefix(text, "/dev/udp/") {
		r.region(w, int(d.OpPos.Offset()), int(d.End().Offset()), "only bash makes a connection of such a path")
	}
}
