package dockerfile

import (
	"mvdan.cc/sh/v3/syntax"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "SC2194", Severity: finding.Medium,
	Title:       "case looks at a fixed word",
	Remediation: "Write a $ before the name",
}, onNode(fixedCase))

func fixedCase(r *report, w *shellWalk, c *syntax.CaseClause) {
	if text, ok := literalWord(c.Word); ok {
		r.node(w, c.Word, "%s is always the same: a $ may be missing", quote(text))
	}
}
