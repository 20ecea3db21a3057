package dockerfile

import (
	"mvdan.cc/sh/v3/syntax"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "SC2251", Severity: finding.Low,
	Title:       "! does not end the script under set -e",
	Remediation: "Write ! command || exit 1, or if command; then exit 1; fi",
}, onNode(uselessNegation))

func uselessNegation(r *report, w *shellWalk, st *syntax.Stmt) {
	if !st.Negated || !w.setsErrexit() || w.decided(st) || w.last(st) {
		return
	}
	r.region(w, int(st.Pos().Offset()), int(st.End().Offset()), "set -e takes no notice of a command behind !")
}

// decided says whether the success of a statement below the one that is looked at, or
// of anything around it, decides what is run next.
func (w *shellWalk) decided(st *syntax.Stmt) bool {
	if len(w.stack) > 0 && decides(w.stack[len(w.stack)-1], st) {
		return true
	}
	return w.conditional()
}

// last says whether a statement is the last one of the script, or of a function.
func (w *shellWalk) last(st *syntax.Stmt) bool {
	list := w.script.tree.Stmts
	var at syntax.Node = st
	for n := len(w.stack) - 1; n >= max(0, len(w.stack)-maxUp); n-- {
		switch p := w.stack[n].(type) {
		case *syntax.FuncDecl:
			return true
		case *syntax.Block:
			if p.Stmts[len(p.Stmts)-1] != at {
				return false
			}
		case *syntax.BinaryCmd:
			if p.Y != at {
				return false
			}
		case *syntax.Stmt:
		default:
			return false
		}
		at = w.stack[n]
	}
	return len(list) > 0 && list[len(list)-1] == at
}
