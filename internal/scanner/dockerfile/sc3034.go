package dockerfile

import (
	"mvdan.cc/sh/v3/syntax"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "SC3034", Severity: finding.Medium,
	Title:       "$(<file) is not defined in sh",
	Remediation: "Write $(cat file)",
}, onNode(readSubstitution))

func readSubstitution(r *report, w *shellWalk, p *syntax.CmdSubst) {
	if w.posix() && !p.Backquotes && onlyReads(p.Stmts) {
		r.node(w, p, "sh gives nothing for $(<file): write $(cat file)")
	}
}

// onlyReads says whether a list is one redirection from a file and nothing else.
func onlyReads(list []*syntax.Stmt) bool {
	return len(list) == 1 && list[0].Cmd == nil && len(list[0].Redirs) == 1 && list[0].Redirs[0].Op == syntax.RdrIn
}
