package dockerfile

import (
	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "SC2197", Severity: finding.Low,
	Title:       "fgrep is not standard",
	Remediation: "Write grep -F",
}, onCall(fgrep, "fgrep"))

func fgrep(r *report, w *shellWalk, c *call) {
	r.node(w, c.words[0], "fgrep is obsolete and warns: write grep -F")
}
