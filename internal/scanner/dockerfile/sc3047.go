package dockerfile

import (
	"strings"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "SC3047", Severity: finding.Medium,
	Title:       "Signal of trap is not defined in sh",
	Remediation: "Trap EXIT, or set SHELL to bash",
}, onCall(trapSignal, "trap"))

func trapSignal(r *report, w *shellWalk, c *call) {
	if !w.posix() {
		return
	}
	for n := 2; n < len(c.words); n++ {
		switch strings.ToUpper(c.text(n)) {
		case "ERR", "DEBUG", "RETURN":
			r.node(w, c.words[n], "sh knows no trap for %s", quote(c.text(n)))
		}
	}
}
