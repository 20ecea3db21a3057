package dockerfile

import (
	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "DL3001", Severity: finding.Low,
	Title:       "RUN calls a program for people or hosts",
	Remediation: "Leave it out: a build has no terminal, no services and no mounts of its own",
}, onCommand(func(r *report, c *command) {
	r.command(c, "%s is of no use in a build", c.name())
}, "free", "kill", "mount", "ps", "service", "shutdown", "ssh", "top", "vim"))
