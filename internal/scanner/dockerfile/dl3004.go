package dockerfile

import (
	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "DL3004", Severity: finding.High,
	Title:       "RUN calls sudo",
	Remediation: "Switch with USER, or use gosu or setpriv in an entrypoint",
}, onCommand(func(r *report, c *command) {
	r.command(c, "sudo is called in a build")
}, "sudo"))
