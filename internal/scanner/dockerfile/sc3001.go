package dockerfile

import (
	"mvdan.cc/sh/v3/syntax"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "SC3001", Severity: finding.Medium,
	Title:       "Process substitution is not defined in sh",
	Remediation: "Use a pipe or a file, or set SHELL to bash",
}, onNode(processSubstitution))

func processSubstitution(r *report, w *shellWalk, p *syntax.ProcSubst) {
	if w.posix() {
		r.node(w, p, "sh knows no process substitution")
	}
}
