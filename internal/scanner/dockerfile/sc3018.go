package dockerfile

import (
	"mvdan.cc/sh/v3/syntax"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "SC3018", Severity: finding.Medium,
	Title:       "++ and -- are not defined in sh",
	Remediation: "Write x=$((x + 1))",
}, onNode(increment))

func increment(r *report, w *shellWalk, x *syntax.UnaryArithm) {
	if w.posix() && (x.Op == syntax.Inc || x.Op == syntax.Dec) {
		r.node(w, x, "sh knows no %s", x.Op)
	}
}
