package dockerfile

import (
	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "DL4000", Severity: finding.High,
	Title:       "MAINTAINER is deprecated",
	Remediation: "Write LABEL org.opencontainers.image.authors=\"…\"",
	Fixable:     true,
}, onInstruction(func(r *report, i *instruction) {
	fixDL4000(r.instruction(i, "MAINTAINER is deprecated"), i)
}, "MAINTAINER"))
