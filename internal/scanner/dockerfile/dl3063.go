package dockerfile

import (
	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "DL3063", Severity: finding.Medium,
	Title:       "Stage takes a reserved name",
	Remediation: "Give the stage another name",
}, onStage(func(r *report, st *stage) {
	if st.name == "scratch" || st.name == "context" {
		r.part(st.from, st.from.wordSpan(2), "stage is called %s, which means something else to Docker", st.name)
	}
}))
