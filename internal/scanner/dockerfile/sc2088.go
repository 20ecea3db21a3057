package dockerfile

import (
	"strings"

	"mvdan.cc/sh/v3/syntax"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "SC2088", Severity: finding.Medium,
	Title:       "~ in quotes is not the home directory",
	Remediation: "Write $HOME, or leave the ~ out of the quotes",
}, onNode(quotedTilde))

func quotedTilde(r *report, w *shellWalk, word *syntax.Word) {
	if len(word.Parts) == 0 || w.place == inDocument || w.place == inExpansion || w.place == inTest || w.place == inPattern {
		return
	}
	text := ""
	switch p := word.Parts[0].(type) {
	case *syntax.SglQuoted:
		text = p.Value
	case *syntax.DblQuoted:
		if len(p.Parts) > 0 {
			if lit, ok := p.Parts[0].(*syntax.Lit); ok {
				text = lit.Value
			}
		}
	}
	if name, _, ok := strings.Cut(text, "/"); ok && strings.HasPrefix(name, "~") && (name == "~" || isName(name[1:])) {
		r.node(w, word.Parts[0], "in quotes this is a folder with the name ~")
	}
}
