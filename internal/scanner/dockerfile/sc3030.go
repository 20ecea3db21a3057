package dockerfile

import (
	"mvdan.cc/sh/v3/syntax"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "SC3030", Severity: finding.Medium,
	Title:       "Array is not defined in sh",
	Remediation: "Use the positional parameters, or set SHELL to bash",
}, onNode(arrayValue))

func arrayValue(r *report, w *shellWalk, a *syntax.Assign) {
	if w.posix() && a.Array != nil {
		r.node(w, a, "sh knows no arrays")
	}
}
