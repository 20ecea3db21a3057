package dockerfile

import (
	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "SC3015", Severity: finding.Medium,
	Title:       "=~ in [ ] is not defined in sh",
	Remediation: "Use case, grep or expr",
}, onCall(matchOperator, "[", "test"))

func matchOperator(r *report, w *shellWalk, c *call) {
	w.operators(c, func(n int, operator string) {
		if operator == "=~" {
			r.node(w, c.words[n], "[ knows no regular expressions in sh: use case or grep")
		}
	})
}
