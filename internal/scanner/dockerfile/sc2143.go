package dockerfile

import (
	"mvdan.cc/sh/v3/syntax"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "SC2143", Severity: finding.Info,
	Title:       "grep is asked for text instead of for success",
	Remediation: "Write grep -q",
}, onCall(greppedText, "["))

func greppedText(r *report, w *shellWalk, c *call) {
	list := c.bracket().primaries
	if len(list) != 1 || list[0].right != 0 {
		return
	}
	if op := c.text(list[0].operator); list[0].unary() && op != "-n" && op != "-z" {
		return
	}
	word := c.words[list[0].left]
	if len(word.Parts) != 1 {
		return
	}
	part := word.Parts[0]
	if q, ok := part.(*syntax.DblQuoted); ok && len(q.Parts) == 1 {
		part = q.Parts[0]
	}
	s, ok := part.(*syntax.CmdSubst)
	if !ok || len(s.Stmts) != 1 {
		return
	}
	steps := flatten(s.Stmts[0], true)
	node, ok := steps[len(steps)-1].Cmd.(*syntax.CallExpr)
	if !ok {
		return
	}
	switch newCall(steps[len(steps)-1], node).name {
	case "grep", "egrep", "fgrep", "zgrep":
		r.node(w, c.node.Args[0], "grep -q says by its status whether it has found something")
	}
}
