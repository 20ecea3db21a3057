package dockerfile

import (
	"mvdan.cc/sh/v3/syntax"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "SC3005", Severity: finding.Medium,
	Title:       "Arithmetic for loop is not defined in sh",
	Remediation: "Use while, or for over seq",
}, onNode(arithmeticLoop))

func arithmeticLoop(r *report, w *shellWalk, f *syntax.ForClause) {
	if _, ok := f.Loop.(*syntax.CStyleLoop); ok && w.posix() {
		r.region(w, int(f.ForPos.Offset()), int(f.ForPos.Offset())+len("for"), "sh knows no for ((…))")
	}
}
