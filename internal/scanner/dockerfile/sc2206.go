package dockerfile

import (
	"mvdan.cc/sh/v3/syntax"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "SC2206", Severity: finding.Medium,
	Title:       "Unquoted variable fills an array",
	Remediation: "Quote it, or use read -ra or mapfile",
}, onNode(splitArray))

func splitArray(r *report, w *shellWalk, e *syntax.ArrayElem) {
	if e.Value == nil || e.Index != nil {
		return
	}
	for _, p := range e.Value.Parts {
		if v, ok := p.(*syntax.ParamExp); ok && v.Param != nil && !v.Length && !everything(v) && !alternative(v) && w.value(v.Param.Value) != valueOne {
			r.node(w, v, "%s is split at white space and matched against file names", quote(w.raw(v)))
		}
	}
}
