package dockerfile

import (
	"strings"

	"mvdan.cc/sh/v3/syntax"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "SC2140", Severity: finding.Medium,
	Title:       "Word is outside of the quotes around it",
	Remediation: "Escape the inner quotes, or use single ones",
}, onNode(trappedText))

func trappedText(r *report, w *shellWalk, word *syntax.Word) {
	w.trapped(word, func(before *syntax.DblQuoted, part syntax.WordPart, after *syntax.DblQuoted) {
		lit, ok := part.(*syntax.Lit)
		if !ok || lit.Value == "=" || lit.Value == ":" || lit.Value == "/" || one(before) && one(after) || patterned(lit.Value) || strings.ContainsAny(lit.Value, "{}") && len(w.braces(word)) > 0 && w.braces(word)[0].expands {
			return
		}
		r.node(w, lit, "%s stands outside of the quotes", quote(w.raw(lit)))
	})
}

// trapped calls for each part of a word between two parts in double quotes.
func (w *shellWalk) trapped(word *syntax.Word, found func(*syntax.DblQuoted, syntax.WordPart, *syntax.DblQuoted)) {
	if w.place == inExpansion || w.place == inDocument {
		return
	}
	if t, ok := w.parent(0).(*syntax.BinaryTest); ok && t.Op == syntax.TsReMatch {
		return
	}
	for n := 0; n+2 < len(word.Parts); n++ {
		before, left := word.Parts[n].(*syntax.DblQuoted)
		after, right := word.Parts[n+2].(*syntax.DblQuoted)
		if left && right {
			found(before, word.Parts[n+1], after)
		}
	}
}

// one says whether quotes hold one expansion and nothing else.
func one(q *syntax.DblQuoted) bool {
	if len(q.Parts) != 1 {
		return false
	}
	_, lit := q.Parts[0].(*syntax.Lit)
	return !lit
}
