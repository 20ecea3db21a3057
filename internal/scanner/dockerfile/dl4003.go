package dockerfile

import (
	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "DL4003", Severity: finding.Medium,
	Title:       "Stage has more than one CMD",
	Remediation: "Keep the last one: the others have no effect",
}, onStage(func(r *report, st *stage) {
	seen := false
	for _, i := range st.instructions {
		if i.keyword != "CMD" {
			continue
		}
		if seen {
			r.instruction(i, "CMD replaces an earlier one of the same stage")
		}
		seen = true
	}
}))
