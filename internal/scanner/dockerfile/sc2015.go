package dockerfile

import (
	"mvdan.cc/sh/v3/syntax"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "SC2015", Severity: finding.Low,
	Title:       "A && B || C is not if, then, else",
	Remediation: "Write if A; then B; else C; fi",
}, onNode(shortIf))

func shortIf(r *report, w *shellWalk, b *syntax.BinaryCmd) {
	if b.Op != syntax.OrStmt || b.X.Negated {
		return
	}
	and, ok := b.X.Cmd.(*syntax.BinaryCmd)
	if !ok || and.Op != syntax.AndStmt || len(b.X.Redirs) > 0 || w.conditional() || harmless(b.Y) {
		return
	}
	r.region(w, int(and.OpPos.Offset()), int(and.OpPos.Offset())+2, "what stands behind || is run when what stands before it fails, too")
}

// harmless says whether a statement cannot fail, or ends everything.
func harmless(st *syntax.Stmt) bool {
	node, ok := st.Cmd.(*syntax.CallExpr)
	if !ok {
		return false
	}
	if len(node.Args) == 0 {
		return true
	}
	switch newCall(st, node).name {
	case "echo", "exit", "return", "printf":
		return true
	}
	return false
}
