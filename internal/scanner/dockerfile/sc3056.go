package dockerfile

import (
	"mvdan.cc/sh/v3/syntax"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "SC3056", Severity: finding.Medium,
	Title:       "Names by prefix are not defined in sh",
	Remediation: "Name the variables, or set SHELL to bash",
}, onNode(namesByPrefix))

func namesByPrefix(r *report, w *shellWalk, p *syntax.ParamExp) {
	if w.posix() && p.Names != 0 {
		r.node(w, p, "sh cannot list variables by prefix")
	}
}
