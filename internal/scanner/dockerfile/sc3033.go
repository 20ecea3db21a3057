package dockerfile

import (
	"mvdan.cc/sh/v3/syntax"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "SC3033", Severity: finding.Medium,
	Title:       "Name of a function is not defined in sh",
	Remediation: "Use letters, digits and underscores",
}, onNode(functionName))

func functionName(r *report, w *shellWalk, f *syntax.FuncDecl) {
	if w.posix() && f.Name != nil && !isName(f.Name.Value) {
		r.region(w, int(f.Pos().Offset()), int(f.Name.End().Offset()), "sh wants letters, digits and underscores in the name of a function")
	}
}
