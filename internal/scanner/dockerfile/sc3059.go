package dockerfile

import (
	"mvdan.cc/sh/v3/syntax"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "SC3059", Severity: finding.Medium,
	Title:       "Change of case in a parameter is not defined in sh",
	Remediation: "Use tr, or set SHELL to bash",
}, onNode(caseChange))

func caseChange(r *report, w *shellWalk, p *syntax.ParamExp) {
	if !w.posix() || p.Exp == nil {
		return
	}
	switch p.Exp.Op {
	case syntax.UpperFirst, syntax.UpperAll, syntax.LowerFirst, syntax.LowerAll:
		r.node(w, p, "sh cannot change the case of a parameter: use tr")
	}
}
