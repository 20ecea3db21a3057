package dockerfile

import (
	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "SC2196", Severity: finding.Low,
	Title:       "egrep is not standard",
	Remediation: "Write grep -E",
}, onCall(egrep, "egrep"))

func egrep(r *report, w *shellWalk, c *call) {
	r.node(w, c.words[0], "egrep is obsolete and warns: write grep -E")
}
