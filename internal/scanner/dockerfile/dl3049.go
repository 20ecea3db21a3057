package dockerfile

import (
	"maps"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "DL3049", Severity: finding.Low,
	Title:       "Label of the schema is missing",
	Remediation: "Set the label in the stage or in one that it builds on",
}, onFile(func(r *report, f *file) {
	required := r.lint.native.required()
	if len(required) == 0 {
		return
	}
	has := make(map[*stage]map[string]bool)
	for _, st := range f.stages {
		set := maps.Clone(has[st.parent])
		if set == nil {
			set = make(map[string]bool)
		}
		has[st] = set
		for _, i := range st.instructions {
			if i.keyword != "LABEL" || i.broken {
				continue
			}
			for _, p := range i.labels() {
				if _, known := r.lint.native.Labels[p.key]; known {
					set[p.key] = true
				}
			}
		}
		for _, name := range required {
			if !set[name] {
				r.at(st.from, st.from.head(), "LABEL "+name, "stage sets no label %s", quote(name))
			}
		}
	}
}))
