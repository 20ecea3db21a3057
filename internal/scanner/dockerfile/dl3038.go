package dockerfile

import (
	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "DL3038", Severity: finding.Medium,
	Title:       "dnf install waits for an answer",
	Remediation: "Add -y",
	Fixable:     true,
}, onCommand(func(r *report, c *command) {
	if yumAsks(c) {
		fixDL3038(r.command(c, "%s asks before it installs, and nobody answers", c.name()), c)
	}
}, "dnf", "microdnf"))
