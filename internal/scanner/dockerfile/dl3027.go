package dockerfile

import (
	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "DL3027", Severity: finding.Medium,
	Title:       "RUN calls apt",
	Remediation: "Use apt-get or apt-cache, whose behaviour does not change",
	Fixable:     true,
}, onCommand(func(r *report, c *command) {
	fixDL3027(r.command(c, "apt is made for people: its behaviour may change between versions"), c)
}, "apt"))
