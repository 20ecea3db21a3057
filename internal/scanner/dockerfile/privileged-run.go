package dockerfile

import (
	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "dockerfile/privileged-run", Severity: finding.High,
	Title:       "RUN works without a sandbox",
	Remediation: "Remove --security=insecure; do what needs the host's rights outside of the build",
	Controls:    []string{"nist-800-190:4.4.3"},
}, onBuilding(func(r *report, i *instruction) {
	if value, _ := i.flag("security"); value == "insecure" {
		r.instruction(i, "RUN works with all rights on the machine that builds")
	}
}, "RUN"))
