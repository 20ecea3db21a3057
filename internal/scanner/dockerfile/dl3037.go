package dockerfile

import (
	"strings"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "DL3037", Severity: finding.Medium,
	Title:       "zypper installs packages without a version",
	Remediation: "Pin each one: package=version",
}, onCommand(func(r *report, c *command) {
	if !zypperInstalls(c) {
		return
	}
	loose := unpinned(zypper(c).operands(zypperLocal...), "", func(p string) bool {
		return strings.ContainsAny(p, "=<>") || strings.HasSuffix(p, ".rpm") || strings.Contains(p, "://")
	})
	if len(loose) > 0 {
		r.command(c, "zypper installs %s without a version", quoteAll(loose))
	}
}, "zypper"))
