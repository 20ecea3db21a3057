package dockerfile

import (
	"strings"

	"mvdan.cc/sh/v3/syntax"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "SC2076", Severity: finding.Medium,
	Title:       "Quoted right side of =~ is no regular expression",
	Remediation: "Leave the quotes out, or write == with *",
}, onNode(quotedExpression))

func quotedExpression(r *report, w *shellWalk, t *syntax.BinaryTest) {
	word, ok := t.Y.(*syntax.Word)
	if !ok || t.Op != syntax.TsReMatch || len(word.Parts) != 1 {
		return
	}
	text, literal := literalWord(word)
	if _, bare := word.Parts[0].(*syntax.Lit); bare || !literal || !strings.ContainsAny(text, "[].*+()|") {
		return
	}
	r.node(w, word, "what is quoted is compared as text")
}
