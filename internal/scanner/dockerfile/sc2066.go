package dockerfile

import (
	"mvdan.cc/sh/v3/syntax"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "SC2066", Severity: finding.High,
	Title:       "Loop over one quoted expansion runs once",
	Remediation: "Leave the quotes out, or write \"$@\"",
}, onNode(expansionLoop))

func expansionLoop(r *report, w *shellWalk, f *syntax.ForClause) {
	item := onlyItem(f)
	if item == nil || len(item.Parts) != 1 {
		return
	}
	q, ok := item.Parts[0].(*syntax.DblQuoted)
	if !ok || wholeList(q) {
		return
	}
	if _, literal := literalWord(item); !literal {
		r.node(w, q, "in double quotes this is one item, so the loop runs once")
	}
}
