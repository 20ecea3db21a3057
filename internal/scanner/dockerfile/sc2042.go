package dockerfile

import (
	"strings"

	"mvdan.cc/sh/v3/syntax"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "SC2042", Severity: finding.Medium,
	Title:       "Items of a loop with commas",
	Remediation: "Write blanks between them",
}, onNode(commaLoop))

func commaLoop(r *report, w *shellWalk, f *syntax.ForClause) {
	item := onlyItem(f)
	if item == nil || len(item.Parts) != 1 {
		return
	}
	if lit, ok := item.Parts[0].(*syntax.Lit); ok && strings.Contains(lit.Value, ",") && !strings.Contains(lit.Value, "{") && !globs(item) {
		r.node(w, item, "the loop runs once: items have blanks between them")
	}
}
