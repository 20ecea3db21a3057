package dockerfile

import (
	"mvdan.cc/sh/v3/syntax"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "SC2026", Severity: finding.Low,
	Title:       "Word is outside of the single quotes around it",
	Remediation: "Use double quotes around the whole",
}, onNode(trappedWord))

func trappedWord(r *report, w *shellWalk, word *syntax.Word) {
	for n := 0; n+1 < len(word.Parts); n++ {
		q, quoted := word.Parts[n].(*syntax.SglQuoted)
		lit, ok := word.Parts[n+1].(*syntax.Lit)
		if quoted && ok && !q.Dollar && alphanumeric(lit.Value) {
			r.node(w, lit, "%s stands outside of the quotes", quote(lit.Value))
		}
	}
}

// alphanumeric says whether a text is letters and digits.
func alphanumeric(text string) bool {
	for _, c := range []byte(text) {
		if !letter(c) && (c < '0' || c > '9') {
			return false
		}
	}
	return text != ""
}
