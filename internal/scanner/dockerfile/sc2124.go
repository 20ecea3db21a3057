package dockerfile

import (
	"slices"

	"mvdan.cc/sh/v3/syntax"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "SC2124", Severity: finding.Medium,
	Title:       "List is assigned as text",
	Remediation: "Write $* for text, or use an array",
}, onNode(listAsText))

func listAsText(r *report, w *shellWalk, a *syntax.Assign) {
	if a.Value == nil || a.Array != nil || a.Name == nil || a.Index != nil {
		return
	}
	if slices.ContainsFunc(a.Value.Parts, wholeList) {
		r.node(w, a.Value, "the arguments are joined: write $*, or use an array")
	}
}

// wholeList says whether a part of a word is all of a list.
func wholeList(p syntax.WordPart) bool {
	switch p := p.(type) {
	case *syntax.ParamExp:
		return everything(p)
	case *syntax.DblQuoted:
		return slices.ContainsFunc(p.Parts, wholeList)
	}
	return false
}
