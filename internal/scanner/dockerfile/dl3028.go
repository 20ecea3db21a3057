package dockerfile

import (
	"slices"
	"strings"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "DL3028", Severity: finding.Medium,
	Title:       "gem installs without a version",
	Remediation: "Pin each one: gem:version, or --version for a single one",
}, onCommand(func(r *report, c *command) {
	install := gemInstall(c)
	if install == nil {
		return
	}
	loose := unpinned(install.operands(gemValued...), "", func(p string) bool {
		return strings.Contains(p, ":") || strings.HasSuffix(p, ".gem")
	})
	if len(loose) > 0 && !install.long("version", "file") && !install.short('v', gemShort) && !install.short('g', gemShort) {
		r.command(c, "gem installs %s without a version", quoteAll(loose))
	}
}, "gem"))

// gemValued are the options of gem install that take a value, gemShort those of
// one letter.
var gemValued = []string{
	"v", "version", "platform", "i", "install-dir", "n", "bindir", "document", "build-root", "P", "trust-policy",
	"g", "file", "without", "B", "bulk-threshold", "p", "http-proxy", "s", "source", "config-file", "target-rbconfig",
}

const gemShort = "vinPgBps"

// gemInstall gives the part of a gem install from the subcommand on, without what
// goes to the gems' own builds; nil where it is another command.
func gemInstall(c *command) *command {
	install := c.subcommand(gemValued...)
	if install == nil || install.name() != "i" && (len(install.name()) < 3 || !strings.HasPrefix("install", install.name())) {
		return nil
	}
	if n := slices.IndexFunc(install.words, func(a arg) bool { return a.text == "--" }); n >= 0 {
		install.words = install.words[:n]
	}
	return install
}
