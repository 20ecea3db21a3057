package dockerfile

import (
	"strings"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "SC3041", Severity: finding.Medium,
	Title:       "Flag of set is not defined in sh",
	Remediation: "Leave it out, or set SHELL to bash",
}, onCall(setFlag, "set"))

func setFlag(r *report, w *shellWalk, c *call) {
	if !w.posix() {
		return
	}
	for n := 1; n < len(c.words); n++ {
		flag := c.text(n)
		if len(flag) < 2 || flag[0] != '-' && flag[0] != '+' || flag == "--" {
			return
		}
		if strings.Trim(flag[1:], "abCefhmnuvxo") != "" {
			r.node(w, c.words[n], "sh does not define all flags of set %s", quote(flag))
		}
		if strings.Contains(flag, "o") {
			n++
		}
	}
}
