package dockerfile

import (
	"mvdan.cc/sh/v3/syntax"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "SC2053", Severity: finding.Medium,
	Title:       "Unquoted right side of == is a pattern",
	Remediation: "Put double quotes around it",
}, onNode(patternComparison))

func patternComparison(r *report, w *shellWalk, t *syntax.BinaryTest) {
	word, ok := t.Y.(*syntax.Word)
	if !ok || t.Op != syntax.TsMatch && t.Op != syntax.TsMatchShort && t.Op != syntax.TsNoMatch || len(word.Parts) != 1 {
		return
	}
	if p, ok := word.Parts[0].(*syntax.ParamExp); ok && p.Param != nil && !p.Length && w.value(p.Param.Value) != valueOne {
		r.node(w, word, "characters of the value such as * match others: put it into double quotes")
	}
}
