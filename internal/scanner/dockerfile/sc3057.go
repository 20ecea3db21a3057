package dockerfile

import (
	"mvdan.cc/sh/v3/syntax"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "SC3057", Severity: finding.Medium,
	Title:       "Part of a parameter by index is not defined in sh",
	Remediation: "Use cut or expr, or set SHELL to bash",
}, onNode(substring))

func substring(r *report, w *shellWalk, p *syntax.ParamExp) {
	if w.posix() && p.Slice != nil {
		r.node(w, p, "sh cannot cut a parameter by index: use cut")
	}
}
