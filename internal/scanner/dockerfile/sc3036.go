package dockerfile

import (
	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "SC3036", Severity: finding.High,
	Title:       "In dash echo knows no flag but -n",
	Remediation: "Use printf",
}, onCall(dashEcho, "echo"))

func dashEcho(r *report, w *shellWalk, c *call) {
	if text := c.text(1); w.dialect == "dash" && isEchoFlag(text) && text != "-n" {
		r.node(w, c.words[1], "echo prints %s: use printf", quote(text))
	}
}
