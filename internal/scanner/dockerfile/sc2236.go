package dockerfile

import (
	"mvdan.cc/sh/v3/syntax"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "SC2236", Severity: finding.Info,
	Title:       "! -z is -n, ! -n is -z",
	Remediation: "Write the other one",
}, onCall(doubleNegation, "["), onNode(doubleNegationTest))

func doubleNegation(r *report, w *shellWalk, c *call) {
	for _, p := range c.bracket().primaries {
		if op := c.text(p.operator); p.bang != 0 && p.unary() && (op == "-z" || op == "-n") {
			r.node(w, c.words[p.bang], "%s with ! is the other one of -z and -n", op)
		}
	}
}

func doubleNegationTest(r *report, w *shellWalk, u *syntax.UnaryTest) {
	inner, ok := u.X.(*syntax.UnaryTest)
	if ok && u.Op == syntax.TsNot && (inner.Op == syntax.TsEmpStr || inner.Op == syntax.TsNempStr) {
		r.node(w, u, "%s with ! is the other one of -z and -n", inner.Op)
	}
}
