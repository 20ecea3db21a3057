package dockerfile

import (
	"mvdan.cc/sh/v3/syntax"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "SC3008", Severity: finding.Medium,
	Title:       "select is not defined in sh",
	Remediation: "A build has no one to ask: take an ARG",
}, onNode(selectLoop))

func selectLoop(r *report, w *shellWalk, f *syntax.ForClause) {
	if w.posix() && f.Select {
		r.region(w, int(f.ForPos.Offset()), int(f.ForPos.Offset())+len("select"), "sh knows no select")
	}
}
