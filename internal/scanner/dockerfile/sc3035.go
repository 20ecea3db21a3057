package dockerfile

import (
	"mvdan.cc/sh/v3/syntax"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "SC3035", Severity: finding.Medium,
	Title:       "`<file` is not defined in sh",
	Remediation: "Write $(cat file)",
}, onNode(readBackticks))

func readBackticks(r *report, w *shellWalk, p *syntax.CmdSubst) {
	if w.posix() && p.Backquotes && onlyReads(p.Stmts) {
		r.node(w, p, "sh gives nothing for this: write $(cat file)")
	}
}
