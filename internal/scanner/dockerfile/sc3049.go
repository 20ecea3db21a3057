package dockerfile

import (
	"strings"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "SC3049", Severity: finding.Medium,
	Title:       "Signal in lower case is not defined in sh",
	Remediation: "Write it in upper case",
}, onCall(signalCase, "trap"))

func signalCase(r *report, w *shellWalk, c *call) {
	if !w.posix() {
		return
	}
	for n := 2; n < len(c.words); n++ {
		if text := c.text(n); isName(text) && text != strings.ToUpper(text) {
			r.node(w, c.words[n], "sh knows %s in upper case only", quote(text))
		}
	}
}
