package dockerfile

import (
	"mvdan.cc/sh/v3/syntax"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "SC2181", Severity: finding.Info,
	Title:       "$? is compared after the command",
	Remediation: "Write if command; then",
}, onCall(comparedStatus, "["))

func comparedStatus(r *report, w *shellWalk, c *call) {
	list := c.bracket().primaries
	if len(list) != 1 || list[0].operator == 0 || list[0].unary() || w.startsFunction() {
		return
	}
	left, right := c.words[list[0].left], c.words[list[0].right]
	for n, word := range []*syntax.Word{left, right} {
		other := []*syntax.Word{right, left}[n]
		if text, ok := literalWord(other); ok && text == "0" && isStatus(word) {
			r.node(w, word, "if runs the command itself: no need for $?")
			return
		}
	}
}

// startsFunction says whether the statement that is looked at is the first one of a
// function.
func (w *shellWalk) startsFunction() bool {
	block, ok := w.parent(1).(*syntax.Block)
	if !ok || block.Stmts[0] != w.parent(0) {
		return false
	}
	_, ok = w.parent(3).(*syntax.FuncDecl)
	return ok
}

func isStatus(word *syntax.Word) bool {
	if len(word.Parts) != 1 {
		return false
	}
	part := word.Parts[0]
	if q, ok := part.(*syntax.DblQuoted); ok && len(q.Parts) == 1 {
		part = q.Parts[0]
	}
	p, ok := part.(*syntax.ParamExp)
	return ok && p.Param != nil && p.Param.Value == "?" && p.Exp == nil && !p.Length
}
