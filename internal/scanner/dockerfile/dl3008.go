package dockerfile

import (
	"strings"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "DL3008", Severity: finding.Medium,
	Title:       "apt-get installs packages without a version",
	Remediation: "Pin each one: package=version",
}, onCommand(func(r *report, c *command) {
	if !c.has("install") {
		return
	}
	loose := unpinned(c.operands("t", "target-release", "default-release", "c", "config-file", "o", "option"), "install", func(p string) bool {
		return strings.ContainsAny(p, "=/") || strings.HasSuffix(p, ".deb")
	})
	if len(loose) > 0 {
		r.command(c, "apt-get installs %s without a version", quoteAll(loose))
	}
}, "apt-get"))

// unpinned lists the packages that are not pinned, without the subcommand.
func unpinned(packages []arg, subcommand string, pinned func(string) bool) []string {
	var loose []string
	for _, p := range packages {
		if p.text != subcommand && !pinned(p.text) {
			loose = append(loose, p.text)
		}
	}
	return loose
}
