package dockerfile

import (
	"strings"

	"mvdan.cc/sh/v3/syntax"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "SC2006", Fixable: true, Severity: finding.Info,
	Title:       "Backticks instead of $(…)",
	Remediation: "Write $(command): it nests, and backslashes mean what they say",
}, onNode(backticks))

func backticks(r *report, w *shellWalk, p *syntax.CmdSubst) {
	if p.Backquotes && len(p.Stmts) > 0 {
		h := r.node(w, p, "%s in backticks is hard to read and to nest: write $(…)", quote(strings.Trim(w.raw(p), "`")))
		if !onlyReads(p.Stmts) { // sh knows neither form of these
			fixSC2006(h, w.script, p)
		}
	}
}
