package dockerfile

import (
	"mvdan.cc/sh/v3/syntax"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "SC3060", Severity: finding.Medium,
	Title:       "Replacement in a parameter is not defined in sh",
	Remediation: "Use sed, or set SHELL to bash",
}, onNode(replacement))

func replacement(r *report, w *shellWalk, p *syntax.ParamExp) {
	if w.posix() && p.Repl != nil {
		r.node(w, p, "sh cannot replace within a parameter: use sed")
	}
}
