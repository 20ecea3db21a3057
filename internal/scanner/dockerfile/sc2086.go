package dockerfile

import (
	"mvdan.cc/sh/v3/syntax"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "SC2086", Fixable: true, Severity: finding.Low,
	Title:       "Unquoted variable is split into words and matched against files",
	Remediation: "Put double quotes around it, or around the word it is part of",
}, onNode(unquotedVariable))

func unquotedVariable(r *report, w *shellWalk, p *syntax.ParamExp) {
	if p.Param == nil || p.Length || everything(p) || alternative(p) || !w.splits() || w.value(p.Param.Value) == valueOne {
		return
	}
	if w.call != nil && w.call.name == ":" && p.Exp != nil && (p.Exp.Op == syntax.AssignUnset || p.Exp.Op == syntax.AssignUnsetOrNull) {
		return // SC2223
	}
	h := r.node(w, p, "%s is split at white space and matched against file names: put it into double quotes", quote(w.raw(p)))
	if w.place == inRedirect {
		quoteNode(h, w.script, p) // more than one word is an error there
	}
}
