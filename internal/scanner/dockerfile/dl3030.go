package dockerfile

import (
	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "DL3030", Severity: finding.Medium,
	Title:       "yum install waits for an answer",
	Remediation: "Add -y",
	Fixable:     true,
}, onCommand(func(r *report, c *command) {
	if yumAsks(c) {
		fixDL3030(r.command(c, "yum asks before it installs, and nobody answers"), c)
	}
}, "yum"))
