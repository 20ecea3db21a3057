package dockerfile

import (
	"mvdan.cc/sh/v3/syntax"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "SC2145", Severity: finding.High,
	Title:       "Text is joined with all arguments",
	Remediation: "Write $*, or the text as an argument of its own",
}, onNode(joinedArguments))

func joinedArguments(r *report, w *shellWalk, q *syntax.DblQuoted) {
	if len(q.Parts) < 2 || w.place == inAssign || w.place == inDeclare || w.place == inDocument {
		return
	}
	for _, p := range q.Parts {
		if v, ok := p.(*syntax.ParamExp); ok && everything(v) && !alternative(v) {
			r.node(w, v, "the text goes to the first or last argument only")
			return
		}
	}
}
