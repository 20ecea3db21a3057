package dockerfile

import (
	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "DL3016", Severity: finding.Medium,
	Title:       "npm installs packages without a version",
	Remediation: "Pin each one: package@version, or install from package.json with npm ci",
}, onCommand(func(r *report, c *command) {
	var loose []string
	for _, p := range npmPackages(c) {
		if !npmPinned(p) {
			loose = append(loose, anonymous(p))
		}
	}
	if len(loose) > 0 {
		r.command(c, "npm installs %s without a version", quoteAll(loose))
	}
}, "npm"))
