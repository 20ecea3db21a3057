package dockerfile

import (
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "SC2116", Severity: finding.Info,
	Title:       "Command substitution of echo",
	Remediation: "Write the text itself",
}, onNode(substitutedEcho))

func substitutedEcho(r *report, w *shellWalk, p *syntax.CmdSubst) {
	c := onlyCall(p.Stmts)
	if c == nil || c.name != "echo" || len(c.stmt.Redirs) > 0 || len(c.node.Assigns) > 0 || len(c.words) < 2 || strings.HasPrefix(c.text(1), "-") || slices.ContainsFunc(c.args(), globs) {
		return
	}
	for _, word := range c.args() {
		if slices.ContainsFunc(w.braces(word), func(b brace) bool { return b.expands }) {
			return
		}
	}
	r.node(w, p, "$(echo …) gives the text that stands in it")
}
