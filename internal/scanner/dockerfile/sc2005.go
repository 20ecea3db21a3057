package dockerfile

import (
	"mvdan.cc/sh/v3/syntax"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "SC2005", Severity: finding.Info,
	Title:       "echo of a command substitution",
	Remediation: "Run the command itself",
}, onCall(uselessEcho, "echo"))

func uselessEcho(r *report, w *shellWalk, c *call) {
	if len(c.words) != 2 || len(c.words[1].Parts) != 1 {
		return
	}
	part := c.words[1].Parts[0]
	if q, ok := part.(*syntax.DblQuoted); ok && len(q.Parts) == 1 {
		part = q.Parts[0]
	}
	if s, ok := part.(*syntax.CmdSubst); ok && !onlyReads(s.Stmts) && len(s.Stmts) > 0 {
		r.node(w, c.node, "echo prints what the command prints anyway")
	}
}
