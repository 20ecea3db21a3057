package dockerfile

import (
	"mvdan.cc/sh/v3/syntax"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "SC3019", Severity: finding.Medium,
	Title:       "** is not defined in sh",
	Remediation: "Multiply, or use bc",
}, onNode(power))

func power(r *report, w *shellWalk, x *syntax.BinaryArithm) {
	if w.posix() && x.Op == syntax.Pow {
		r.node(w, x, "sh knows no powers")
	}
}
