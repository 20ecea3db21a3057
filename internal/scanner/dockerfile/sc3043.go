package dockerfile

import (
	"mvdan.cc/sh/v3/syntax"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "SC3043", Severity: finding.Medium,
	Title:       "local is not defined in sh",
	Remediation: "Use names that no one else has, or a subshell as the body of the function",
}, onNode(localVariable))

func localVariable(r *report, w *shellWalk, d *syntax.DeclClause) {
	if d.Variant.Value == "local" && w.dialect == "sh" {
		r.node(w, d, "POSIX knows no local variables")
	}
}
