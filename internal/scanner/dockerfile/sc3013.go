package dockerfile

import (
	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "SC3013", Severity: finding.Medium,
	Title:       "-nt, -ot and -ef are not defined in sh",
	Remediation: "Compare with find -newer, or set SHELL to bash",
}, onCall(fileComparison, "[", "test"))

func fileComparison(r *report, w *shellWalk, c *call) {
	w.operators(c, func(n int, operator string) {
		if w.dialect == "sh" && (operator == "-nt" || operator == "-ot" || operator == "-ef") {
			r.node(w, c.words[n], "sh does not define %s within [ ]", quote(operator))
		}
	})
}
