package dockerfile

import (
	"mvdan.cc/sh/v3/syntax"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "SC3054", Severity: finding.Medium,
	Title:       "Array is not defined in sh",
	Remediation: "Use the positional parameters, or set SHELL to bash",
}, onNode(arrayElement))

func arrayElement(r *report, w *shellWalk, p *syntax.ParamExp) {
	if w.posix() && p.Index != nil && !p.Length && !p.Excl {
		r.node(w, p, "sh knows no arrays")
	}
}
