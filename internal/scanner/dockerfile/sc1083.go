package dockerfile

import (
	"mvdan.cc/sh/v3/syntax"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "SC1083", Severity: finding.Medium,
	Title:       "Brace stands for itself",
	Remediation: "Quote the brace, or write the brace expansion or group correctly",
}, onNode(literalBrace))

func literalBrace(r *report, w *shellWalk, word *syntax.Word) {
	if w.quoted || w.place == inArithmetic || w.place == inDocument {
		return
	}
	for _, b := range w.braces(word) {
		if !b.expands {
			r.region(w, b.i, b.j, "the brace is a plain character here")
		}
	}
}
