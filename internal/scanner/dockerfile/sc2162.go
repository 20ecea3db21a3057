package dockerfile

import (
	"strings"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "SC2162", Severity: finding.Low,
	Title:       "read without -r takes backslashes for its own",
	Remediation: "Write read -r",
}, onCall(mangledRead, "read"))

func mangledRead(r *report, w *shellWalk, c *call) {
	for n := 1; n < len(c.words); n++ {
		text := c.text(n)
		if strings.HasPrefix(text, "-") && !strings.HasPrefix(text, "--") && strings.Contains(text, "r") {
			return
		}
		if text == "-t" && c.text(n+1) == "0" {
			return
		}
	}
	r.node(w, c.words[0], "backslashes in what is read vanish: write read -r")
}
