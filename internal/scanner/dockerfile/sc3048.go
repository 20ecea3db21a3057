package dockerfile

import (
	"strings"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "SC3048", Severity: finding.Medium,
	Title:       "Prefix SIG of a signal is not defined in sh",
	Remediation: "Leave SIG out",
}, onCall(signalPrefix, "trap"))

func signalPrefix(r *report, w *shellWalk, c *call) {
	if !w.posix() {
		return
	}
	for n := 2; n < len(c.words); n++ {
		if text := c.text(n); strings.HasPrefix(strings.ToUpper(text), "SIG") {
			r.node(w, c.words[n], "sh knows %s without its SIG only", quote(text))
		}
	}
}
