package dockerfile

import (
	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "SC2018", Severity: finding.Low,
	Title:       "tr a-z leaves letters with accents out",
	Remediation: "Write [:lower:]",
}, onCall(lowerRange, "tr"))

func lowerRange(r *report, w *shellWalk, c *call) {
	for n, word := range c.args() {
		if c.text(n+1) == "a-z" {
			r.node(w, word, "a-z is not all small letters: write '[:lower:]'")
		}
	}
}
