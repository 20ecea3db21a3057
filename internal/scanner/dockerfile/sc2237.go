package dockerfile

import (
	"mvdan.cc/sh/v3/syntax"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "SC2237", Severity: finding.Info,
	Title:       "! before [ -z ] is [ -n ]",
	Remediation: "Write the other one",
}, onNode(negatedLength))

func negatedLength(r *report, w *shellWalk, st *syntax.Stmt) {
	if !st.Negated || !asksLength(st) {
		return
	}
	r.node(w, st, "-n and -z are each the other one with !")
}

// asksLength says whether a statement is one -n or -z and nothing else.
func asksLength(st *syntax.Stmt) bool {
	switch cmd := st.Cmd.(type) {
	case *syntax.CallExpr:
		c := newCall(st, cmd)
		list := c.bracket().primaries
		return len(list) == 1 && list[0].bang == 0 && list[0].unary() && (c.text(list[0].operator) == "-n" || c.text(list[0].operator) == "-z")
	case *syntax.TestClause:
		u, ok := cmd.X.(*syntax.UnaryTest)
		return ok && (u.Op == syntax.TsEmpStr || u.Op == syntax.TsNempStr)
	}
	return false
}
