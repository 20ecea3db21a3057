package dockerfile

import (
	"strings"

	"mvdan.cc/sh/v3/syntax"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "SC1003", Severity: finding.Low,
	Title:       "Backslash before a single quote does not escape it",
	Remediation: "Write 'it'\\''s'",
}, onNode(escapedQuote))

func escapedQuote(r *report, w *shellWalk, q *syntax.SglQuoted) {
	if !q.Dollar && strings.HasSuffix(q.Value, "\\") {
		at := int(q.Right.Offset()) - 1
		r.region(w, at, at+1, "the quote behind this backslash ends the text")
	}
}
