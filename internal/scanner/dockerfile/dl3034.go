package dockerfile

import (
	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "DL3034", Severity: finding.Medium,
	Title:       "zypper waits for an answer",
	Remediation: "Write zypper --non-interactive, or -y behind the subcommand",
	Fixable:     true,
}, onCommand(func(r *report, c *command) {
	if zypperAsks(c) {
		fixDL3034(r.command(c, "zypper %s asks before it changes anything, and nobody answers", zypper(c).name()), c)
	}
}, "zypper"))
