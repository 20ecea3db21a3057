package dockerfile

import (
	"mvdan.cc/sh/v3/syntax"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "SC2223", Severity: finding.Low,
	Title:       "Default assignment without quotes is split and matched",
	Remediation: "Put double quotes around it",
}, onNode(unquotedDefault))

func unquotedDefault(r *report, w *shellWalk, p *syntax.ParamExp) {
	if p.Param == nil || p.Exp == nil || p.Exp.Op != syntax.AssignUnset && p.Exp.Op != syntax.AssignUnsetOrNull || !w.splits() {
		return
	}
	if w.call != nil && w.call.name == ":" && w.value(p.Param.Value) != valueOne {
		r.node(w, p, "the value is matched against file names for nothing: put it into double quotes")
	}
}
