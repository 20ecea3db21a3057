package dockerfile

import (
	"mvdan.cc/sh/v3/syntax"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "SC3053", Severity: finding.Medium,
	Title:       "Indirect parameter is not defined in sh",
	Remediation: "Use eval with care, or set SHELL to bash",
}, onNode(indirect))

func indirect(r *report, w *shellWalk, p *syntax.ParamExp) {
	if w.posix() && p.Excl {
		r.node(w, p, "sh knows no indirect parameters")
	}
}
