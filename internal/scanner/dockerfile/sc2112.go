package dockerfile

import (
	"mvdan.cc/sh/v3/syntax"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "SC2112", Severity: finding.Medium,
	Title:       "function is not defined in sh",
	Remediation: "Leave the word out",
}, onNode(functionWord))

func functionWord(r *report, w *shellWalk, f *syntax.FuncDecl) {
	if w.posix() && f.RsrvWord && f.Parens {
		r.node(w, f, "sh knows no word function: leave it out")
	}
}
