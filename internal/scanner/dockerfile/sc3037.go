package dockerfile

import (
	"strings"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "SC3037", Severity: finding.Medium,
	Title:       "Flags of echo are not defined in sh",
	Remediation: "Use printf",
}, onCall(echoFlags, "echo"))

func echoFlags(r *report, w *shellWalk, c *call) {
	if w.dialect == "sh" && isEchoFlag(c.text(1)) {
		r.node(w, c.words[1], "what echo does with %s depends on the shell: use printf", quote(c.text(1)))
	}
}

// isEchoFlag says whether some echo takes a word for options.
func isEchoFlag(text string) bool {
	return len(text) > 1 && text[0] == '-' && strings.Trim(text[1:], "eEsn") == ""
}
