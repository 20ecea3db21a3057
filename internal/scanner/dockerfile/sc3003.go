package dockerfile

import (
	"mvdan.cc/sh/v3/syntax"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "SC3003", Severity: finding.Medium,
	Title:       "$'…' is not defined in sh",
	Remediation: "Use printf, or set SHELL to bash",
}, onNode(dollarSingle))

func dollarSingle(r *report, w *shellWalk, q *syntax.SglQuoted) {
	if w.posix() && q.Dollar {
		r.node(w, q, "sh knows no $'…'")
	}
}
