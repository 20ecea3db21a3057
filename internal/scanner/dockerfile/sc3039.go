package dockerfile

import (
	"mvdan.cc/sh/v3/syntax"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "SC3039", Severity: finding.Medium,
	Title:       "let is not defined in sh",
	Remediation: "Write : $((…)), or x=$((…))",
}, onNode(letCommand))

func letCommand(r *report, w *shellWalk, l *syntax.LetClause) {
	if w.posix() {
		r.node(w, l, "sh knows no let: write $((…))")
	}
}
