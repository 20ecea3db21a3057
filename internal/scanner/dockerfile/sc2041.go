package dockerfile

import (
	"mvdan.cc/sh/v3/syntax"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "SC2041", Severity: finding.Medium,
	Title:       "Loop over one quoted text",
	Remediation: "Leave the quotes out, or write $(…)",
}, onNode(quotedLoop))

func quotedLoop(r *report, w *shellWalk, f *syntax.ForClause) {
	if item := onlyItem(f); item != nil {
		if q, ok := item.Parts[0].(*syntax.SglQuoted); ok && len(item.Parts) == 1 && !q.Dollar {
			r.node(w, q, "the loop runs once, for the whole text")
		}
	}
}

// onlyItem is the item of a loop that has one; else nil.
func onlyItem(f *syntax.ForClause) *syntax.Word {
	loop, ok := f.Loop.(*syntax.WordIter)
	if !ok || len(loop.Items) != 1 {
		return nil
	}
	return loop.Items[0]
}
