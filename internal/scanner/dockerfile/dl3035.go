package dockerfile

import (
	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "DL3035", Severity: finding.Medium,
	Title:       "zypper upgrades the whole distribution",
	Remediation: "Start from a newer base image",
}, onCommand(func(r *report, c *command) {
	if name := zypper(c).name(); name == "dist-upgrade" || name == "dup" {
		r.command(c, "zypper %s makes another distribution of the base image", name)
	}
}, "zypper"))
