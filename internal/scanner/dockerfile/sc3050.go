package dockerfile

import (
	"strings"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "SC3050", Severity: finding.Medium,
	Title:       "%q of printf is not defined in sh",
	Remediation: "Quote by hand, or set SHELL to bash",
}, onCall(printfQuote, "printf"))

func printfQuote(r *report, w *shellWalk, c *call) {
	if w.posix() && strings.Contains(strings.ReplaceAll(c.text(1), "%%", ""), "%q") {
		r.node(w, c.words[1], "printf of sh knows no %%q")
	}
}
