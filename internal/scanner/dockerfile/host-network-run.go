package dockerfile

import (
	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "dockerfile/host-network-run", Severity: finding.Medium,
	Title:       "RUN works in the host's network",
	Remediation: "Remove --network=host; let the build reach what it needs through its own network",
	Controls:    []string{"nist-800-190:4.4.2"},
}, onBuilding(func(r *report, i *instruction) {
	if value, _ := i.flag("network"); value == "host" {
		r.instruction(i, "RUN reaches all that listens on the machine that builds, and in its network")
	}
}, "RUN"))
