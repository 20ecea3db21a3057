package dockerfile

import (
	"mvdan.cc/sh/v3/syntax"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "SC2004", Severity: finding.Info,
	Title:       "$ within arithmetic is not needed",
	Remediation: "Leave it out: $((x + 1))",
}, onNode(dollarInArithmetic))

func dollarInArithmetic(r *report, w *shellWalk, p *syntax.ParamExp) {
	if w.place != inArithmetic || w.quoted || p.Param == nil || !isName(p.Param.Value) || p.Length || p.Excl || p.Index != nil || p.Exp != nil || p.Slice != nil || p.Repl != nil || p.Names != 0 {
		return
	}
	if len(w.word.Parts) == 1 {
		r.node(w, p, "arithmetic reads %s without its $", quote(p.Param.Value))
	}
}
