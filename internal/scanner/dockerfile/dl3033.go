package dockerfile

import (
	"strings"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "DL3033", Severity: finding.Medium,
	Title:       "yum installs packages without a version",
	Remediation: "Pin each one: package-version; a module by its stream",
}, onCommand(func(r *report, c *command) {
	install := c.subcommand(yumValued...)
	if install == nil {
		return
	}
	pinned, what := rpmPinned, "package"
	switch install.name() {
	case "module":
		install = install.subcommand(yumValued...)
		pinned, what = func(p string) bool { return strings.Contains(p, ":") }, "module"
	case "group", "groups":
		install = install.subcommand(yumValued...)
		what = "group"
	}
	if install == nil || install.name() != "install" {
		return
	}
	if loose := unpinned(install.operands(yumValued...), "", pinned); len(loose) > 0 {
		r.command(c, "yum installs %s %s without a version", what, quoteAll(loose))
	}
}, "yum"))
