package dockerfile

import (
	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "DL3050", Severity: finding.Low,
	Title:       "Label is not in the schema",
	Remediation: "Take the label out, or add it to label-schema",
}, onInstruction(func(r *report, i *instruction) {
	if !r.lint.native.StrictLabels {
		return
	}
	for _, p := range i.labels() {
		if _, known := r.lint.native.Labels[p.key]; !known {
			r.label(i, p, "label %s is not in the schema", quote(p.key))
		}
	}
}, "LABEL"))
