package dockerfile

import (
	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "DL3065", Severity: finding.Medium,
	Title:       "--platform names the target platform, which is the default",
	Remediation: "Leave --platform out",
}, onInstruction(func(r *report, i *instruction) {
	if p, _ := i.flag("platform"); p == "$TARGETPLATFORM" || p == "${TARGETPLATFORM}" {
		r.instruction(i, "--platform=%s says what holds without it", p)
	}
}, "FROM"))
