package dockerfile

import (
	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "SC2019", Severity: finding.Low,
	Title:       "tr A-Z leaves letters with accents out",
	Remediation: "Write [:upper:]",
}, onCall(upperRange, "tr"))

func upperRange(r *report, w *shellWalk, c *call) {
	for n, word := range c.args() {
		if c.text(n+1) == "A-Z" {
			r.node(w, word, "A-Z is not all capital letters: write '[:upper:]'")
		}
	}
}
