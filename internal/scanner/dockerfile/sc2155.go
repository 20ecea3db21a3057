package dockerfile

import (
	"mvdan.cc/sh/v3/syntax"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "SC2155", Severity: finding.Medium,
	Title:       "Assignment of a declaration hides whether its command failed",
	Remediation: "Declare in one command and assign in another one",
}, onNode(maskedStatus))

func maskedStatus(r *report, w *shellWalk, d *syntax.DeclClause) {
	if d.Variant.Value == "nameref" {
		return
	}
	for _, a := range d.Args {
		if a.Name != nil && a.Value != nil && substitutes(a.Value) {
			r.region(w, int(a.Pos().Offset()), int(a.Name.End().Offset()), "whether the command in the value of %s fails is not noticed: assign first, %s then", quote(a.Name.Value), d.Variant.Value)
		}
	}
}
