package dockerfile

import (
	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "DL3024", Severity: finding.High,
	Title:       "Two stages have the same name",
	Remediation: "Give each stage a name of its own; upper and lower case are the same",
}, onFile(func(r *report, f *file) {
	seen := make(map[string]bool)
	for _, st := range f.stages {
		if st.name == "" || st.from.broken {
			continue
		}
		if seen[st.name] {
			r.part(st.from, st.from.wordSpan(2), "an earlier stage is called %s as well", quote(st.name))
		}
		seen[st.name] = true
	}
}))
