package dockerfile

import (
	"mvdan.cc/sh/v3/syntax"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "SC2048", Severity: finding.Medium,
	Title:       "Unquoted $* loses the arguments",
	Remediation: "Write \"$@\"",
}, onNode(unquotedStar))

func unquotedStar(r *report, w *shellWalk, p *syntax.ParamExp) {
	if w.quoted || p.Length || len(w.word.Parts) != 1 || !starred(p) {
		return
	}
	if w.place == inArgs || w.place == inItems {
		r.node(w, p, "%s is split again at white space: use @ within double quotes", quote(w.raw(p)))
	}
}

// starred says whether an expansion joins all of a list: "$*", "${a[*]}".
func starred(p *syntax.ParamExp) bool {
	if p.Param != nil && p.Param.Value == "*" {
		return true
	}
	word, ok := p.Index.(*syntax.Word)
	if !ok {
		return false
	}
	text, lit := literalWord(word)
	return lit && text == "*"
}
