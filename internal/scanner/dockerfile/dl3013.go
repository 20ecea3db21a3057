package dockerfile

import (
	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "DL3013", Severity: finding.Medium,
	Title:       "pip installs packages without a version",
	Remediation: "Pin each one: package==version, or list them in a requirements file",
}, onCommand(func(r *report, c *command) {
	var loose []string
	for _, p := range pipPackages(c) {
		if !pipPinned(p) {
			loose = append(loose, anonymous(p))
		}
	}
	if len(loose) > 0 {
		r.command(c, "pip installs %s without a version", quoteAll(loose))
	}
}, "pip", "python"))
