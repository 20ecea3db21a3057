package dockerfile

import (
	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "DL4004", Severity: finding.High,
	Title:       "Stage has more than one ENTRYPOINT",
	Remediation: "Keep the last one, which is the one that counts",
}, onStage(func(r *report, st *stage) {
	seen := false
	for _, i := range st.instructions {
		if i.keyword != "ENTRYPOINT" {
			continue
		}
		if seen {
			r.instruction(i, "ENTRYPOINT replaces an earlier one of the same stage")
		}
		seen = true
	}
}))
