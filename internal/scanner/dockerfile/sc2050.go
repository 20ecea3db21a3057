package dockerfile

import (
	"strings"

	"mvdan.cc/sh/v3/syntax"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "SC2050", Severity: finding.Medium,
	Title:       "Comparison of two fixed words",
	Remediation: "Write a $ before the name",
}, onCall(fixedComparison, "["), onNode(fixedTest))

func fixedComparison(r *report, w *shellWalk, c *call) {
	for _, p := range c.bracket().primaries {
		if p.right != 0 && compares(c.text(p.operator)) && fixed(c.words[p.left]) && fixed(c.words[p.right]) {
			r.node(w, c.words[p.operator], "both sides are always the same: a $ may be missing")
		}
	}
}

func compares(operator string) bool {
	switch operator {
	case "=", "==", "!=", "<", ">", "-eq", "-ne", "-lt", "-gt", "-le", "-ge", "=~":
		return true
	}
	return false
}

func fixed(word *syntax.Word) bool {
	_, ok := literalWord(word)
	return ok && !globs(word)
}

func fixedTest(r *report, w *shellWalk, t *syntax.BinaryTest) {
	x, left := t.X.(*syntax.Word)
	y, right := t.Y.(*syntax.Word)
	if left && right && compares(t.Op.String()) && fixed(x) && fixed(y) && !strings.HasPrefix(t.Op.String(), "-") {
		r.region(w, int(t.OpPos.Offset()), int(t.OpPos.Offset())+len(t.Op.String()), "both sides are always the same: a $ may be missing")
	}
}
