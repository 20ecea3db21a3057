package dockerfile

import (
	"strings"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "DL3041", Severity: finding.Medium,
	Title:       "dnf installs packages without a version",
	Remediation: "Pin each one: package-version, module:stream",
}, onCommand(func(r *report, c *command) {
	d := readDNF(c)
	pinned := rpmPinned
	switch d.sub {
	case "install":
	case "module install":
		pinned = func(module string) bool { return strings.Contains(module, ":") }
	default:
		return
	}
	if loose := unpinned(d.packages, "", pinned); len(loose) > 0 {
		r.command(c, "%s installs %s without a version", c.name(), quoteAll(loose))
	}
}, "dnf", "microdnf"))
