package dockerfile

import (
	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "DL3003", Severity: finding.Medium,
	Title:       "RUN changes directory with cd",
	Remediation: "Set the directory with WORKDIR",
	Fixable:     true,
}, onCommand(func(r *report, c *command) {
	if c.run.onbuild == nil {
		fixDL3003(r.command(c, "directory is changed with cd instead of WORKDIR"), c)
	}
}, "cd"))
