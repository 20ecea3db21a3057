package dockerfile

import (
	"mvdan.cc/sh/v3/syntax"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "SC2254", Severity: finding.Medium,
	Title:       "Unquoted expansion in a pattern of case",
	Remediation: "Put double quotes around it",
}, onNode(casePattern))

func casePattern(r *report, w *shellWalk, item *syntax.CaseItem) {
	for _, word := range item.Patterns {
		if !globs(word) && splitting(word) {
			r.node(w, word, "characters of the value such as * match others: put it into double quotes")
		}
	}
}
