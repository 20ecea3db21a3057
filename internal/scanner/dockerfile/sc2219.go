package dockerfile

import (
	"mvdan.cc/sh/v3/syntax"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "SC2219", Severity: finding.Info,
	Title:       "let instead of (( ))",
	Remediation: "Write (( … )) in bash",
}, onNode(letInBash))

func letInBash(r *report, w *shellWalk, l *syntax.LetClause) {
	if !w.posix() {
		r.node(w, l, "(( )) does the same without quotes")
	}
}
