package dockerfile

import (
	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "DL3051", Severity: finding.Medium,
	Title:       "Label of the schema is empty",
	Remediation: "Give the label a value",
}, onInstruction(func(r *report, i *instruction) {
	for _, p := range i.labels() {
		if _, required := r.lint.native.Labels[p.key]; required && unquote(p.value) == "" {
			r.label(i, p, "label %s is empty", quote(p.key))
		}
	}
}, "LABEL"))
