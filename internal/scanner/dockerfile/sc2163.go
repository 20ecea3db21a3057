package dockerfile

import (
	"mvdan.cc/sh/v3/syntax"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "SC2163", Severity: finding.Medium,
	Title:       "export of what a variable names",
	Remediation: "Write export name, without the $",
}, onNode(exportValue))

func exportValue(r *report, w *shellWalk, d *syntax.DeclClause) {
	if d.Variant.Value != "export" {
		return
	}
	for _, a := range d.Args {
		if a.Name != nil || a.Value == nil || len(a.Value.Parts) != 1 {
			continue
		}
		part := a.Value.Parts[0]
		if q, ok := part.(*syntax.DblQuoted); ok && len(q.Parts) == 1 {
			part = q.Parts[0]
		}
		if p, ok := part.(*syntax.ParamExp); ok && p.Param != nil && isName(p.Param.Value) && p.Exp == nil && !p.Length {
			r.node(w, a.Value, "this exports the variable that %s names, not itself", quote(p.Param.Value))
		}
	}
}
