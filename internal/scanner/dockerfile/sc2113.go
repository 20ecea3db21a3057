package dockerfile

import (
	"mvdan.cc/sh/v3/syntax"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "SC2113", Severity: finding.Medium,
	Title:       "function is not defined in sh",
	Remediation: "Write name() instead of function name",
}, onNode(functionKeyword))

func functionKeyword(r *report, w *shellWalk, f *syntax.FuncDecl) {
	if w.posix() && f.RsrvWord && !f.Parens {
		r.node(w, f, "sh knows no word function: write name()")
	}
}
