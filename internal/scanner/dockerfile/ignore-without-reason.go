package dockerfile

import (
	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var unreasoned = declare(rule.Meta{
	ID: "dockerfile/ignore-without-reason", Severity: finding.Low,
	Title:       "Finding is ignored without a reason",
	Remediation: "Write: # boltseal:ignore RULE why it is acceptable here",
}, onFile(func(r *report, _ *file) {
	for _, p := range r.lint.pragmas.all {
		if p.own && p.reason == "" {
			r.at(nil, p.span, p.text, "pragma names no reason, so it ignores nothing")
		}
	}
}))
