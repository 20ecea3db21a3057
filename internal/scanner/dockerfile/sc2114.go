package dockerfile

import (
	"strings"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "SC2114", Severity: finding.Medium,
	Title:       "rm of a folder of the system",
	Remediation: "Name what is to go within it",
}, onCall(removesSystem, "rm"))

func removesSystem(r *report, w *shellWalk, c *call) {
	if !c.flag("r", "R", "recursive") || c.flag("no-preserve-root") {
		return
	}
	for n, word := range c.args() {
		if text := c.text(n + 1); strings.HasPrefix(text, "/") && important(text) && !globs(word) {
			r.node(w, word, "this removes a folder that the system needs")
		}
	}
}
