package dockerfile

import (
	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "SC2166", Severity: finding.Medium,
	Title:       "-a and -o in [ ] are ambiguous",
	Remediation: "Write [ … ] && [ … ], or [ … ] || [ … ]",
}, onCall(combined, "["))

func combined(r *report, w *shellWalk, c *call) {
	for _, n := range c.bracket().joints {
		r.node(w, c.words[n], "%s is ambiguous within [ ]: write two of them", quote(c.text(n)))
	}
}
