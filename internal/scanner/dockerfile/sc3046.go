package dockerfile

import (
	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "SC3046", Severity: finding.Medium,
	Title:       "source is not defined in sh",
	Remediation: "Write . with a path",
}, onCall(sourceCommand, "source"))

func sourceCommand(r *report, w *shellWalk, c *call) {
	if w.posix() {
		r.node(w, c.node, "sh knows no source: write . and a path with a slash")
	}
}
