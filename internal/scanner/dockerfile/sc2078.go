package dockerfile

import (
	"strings"

	"mvdan.cc/sh/v3/syntax"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "SC2078", Severity: finding.High,
	Title:       "Test of a fixed word is always true",
	Remediation: "Write a $ before the name, or blanks around the operator",
}, onCall(fixedCondition, "["), onNode(fixedBracket))

func fixedCondition(r *report, w *shellWalk, c *call) {
	for _, p := range c.bracket().primaries {
		if p.operator == 0 {
			w.fixedWord(r, c.words[p.left])
		}
	}
}

func (w *shellWalk) fixedWord(r *report, word *syntax.Word) {
	text, ok := literalWord(word)
	if !ok || text == "" || text == "0" || text == "1" || text == "true" || text == "false" || strings.Contains(text, "=") {
		return
	}
	r.node(w, word, "a fixed word is always true: a $ may be missing")
}

func fixedBracket(r *report, w *shellWalk, t *syntax.TestClause) {
	if word, ok := t.X.(*syntax.Word); ok {
		w.fixedWord(r, word)
	}
}
