package dockerfile

import (
	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "DL3012", Severity: finding.High,
	Title:       "Stage has more than one HEALTHCHECK",
	Remediation: "Keep the last one: the others have no effect",
	Controls:    []string{"cis-docker-1.6:4.6"},
}, onStage(func(r *report, st *stage) {
	seen := false
	for _, i := range st.instructions {
		if i.keyword != "HEALTHCHECK" || i.broken {
			continue
		}
		if seen {
			r.instruction(i, "HEALTHCHECK replaces an earlier one of the same stage")
		}
		seen = true
	}
}))
