package dockerfile

import (
	"mvdan.cc/sh/v3/syntax"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "SC3006", Severity: finding.Medium,
	Title:       "(( )) is not defined in sh",
	Remediation: "Write [ … -gt … ] or : $((…))",
}, onNode(arithmeticCommand))

func arithmeticCommand(r *report, w *shellWalk, c *syntax.ArithmCmd) {
	if w.posix() {
		r.node(w, c, "sh knows no (( ))")
	}
}
