package dockerfile

import (
	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "SC2003", Severity: finding.Info,
	Title:       "expr is outdated",
	Remediation: "Write $((…)), ${name#…} or ${#name}",
}, onCall(useOfExpr, "expr"))

func useOfExpr(r *report, w *shellWalk, c *call) {
	if !c.has(":", "<", ">", "<=", ">=", "match", "length", "substr", "index") {
		r.node(w, c.words[0], "the shell calculates by itself: write $((…))")
	}
}
