package dockerfile

import (
	"mvdan.cc/sh/v3/syntax"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "SC2046", Severity: finding.Medium,
	Title:       "Unquoted command substitution is split into words and matched against files",
	Remediation: "Put double quotes around it, or read its lines one by one",
}, onNode(unquotedSubstitution))

func unquotedSubstitution(r *report, w *shellWalk, p *syntax.CmdSubst) {
	if len(p.Stmts) == 0 || !w.splits() {
		return
	}
	if c := onlyCall(p.Stmts); c != nil && (c.name == "seq" || c.name == "pgrep") {
		return // made to be split
	}
	r.node(w, p, "what %s prints is split at white space and matched against file names: put it into double quotes", quote(w.raw(p)))
}
