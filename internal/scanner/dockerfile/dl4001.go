package dockerfile

import (
	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "DL4001", Severity: finding.Medium,
	Title:       "Stage downloads with both curl and wget",
	Remediation: "Use one of them",
}, onStage(func(r *report, st *stage) {
	used := make(map[string]bool)
	for _, i := range st.instructions {
		run := i.running()
		if run == nil {
			continue
		}
		var last *command
		for _, c := range run.script.commands {
			if name := c.name(); name == "curl" || name == "wget" {
				used[name] = true
				last = c
			}
		}
		if last != nil && len(used) > 1 {
			r.command(last, "curl and wget are both used in this stage")
		}
	}
}))
