package dockerfile

import (
	"strings"

	"mvdan.cc/sh/v3/syntax"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "SC2268", Severity: finding.Info,
	Title:       "Prefix x in a comparison is not needed",
	Remediation: "Leave the x out, and quote the variable",
}, onCall(prefixedComparison, "[", "test"), onNode(prefixedTest))

func prefixedComparison(r *report, w *shellWalk, c *call) {
	for _, p := range c.bracket().primaries {
		op := c.text(p.operator)
		if p.right != 0 && (op == "=" || op == "==") && prefixed(w.raw(c.words[p.left])) && prefixed(w.raw(c.words[p.right])) {
			r.node(w, c.words[p.left], "no shell in use needs the x before the value")
		}
	}
}

func prefixedTest(r *report, w *shellWalk, t *syntax.BinaryTest) {
	x, left := t.X.(*syntax.Word)
	y, right := t.Y.(*syntax.Word)
	if left && right && (t.Op == syntax.TsMatch || t.Op == syntax.TsMatchShort) && prefixed(w.raw(x)) && prefixed(w.raw(y)) {
		r.node(w, x, "no shell in use needs the x before the value")
	}
}

// prefixed says whether a word begins with an x, quoted or not.
func prefixed(raw string) bool { return strings.HasPrefix(strings.TrimLeft(raw, `"'`), "x") }
