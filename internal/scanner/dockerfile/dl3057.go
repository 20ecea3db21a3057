package dockerfile

import (
	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "DL3057", Severity: finding.Low, Off: true,
	Title:       "Stage has no HEALTHCHECK",
	Remediation: "Add a HEALTHCHECK, or HEALTHCHECK NONE where the platform checks",
	Controls:    []string{"cis-docker-1.6:4.6"},
}, onFile(func(r *report, f *file) {
	checked := make(map[*stage]bool)
	for _, st := range f.stages {
		checked[st] = checked[st.parent]
		for _, i := range st.instructions {
			checked[st] = checked[st] || i.keyword == "HEALTHCHECK"
		}
		if !checked[st] {
			r.at(st.from, st.from.head(), "HEALTHCHECK", "stage has no HEALTHCHECK")
		}
	}
}))
