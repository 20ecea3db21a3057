package dockerfile

import (
	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "DL3032", Severity: finding.Medium,
	Title:       "yum keeps its cache in the layer",
	Remediation: "End the RUN with yum clean all, or mount a cache on /var/cache/yum",
}, onInstruction(func(r *report, i *instruction) {
	run := i.running()
	if run == nil || mounted(run, yumCache) {
		return
	}
	if c := leftover(run.script.commands, yumFills, yumEmpties); c != nil {
		r.command(c, "yum install leaves its cache in the layer")
	}
}, "RUN", "ONBUILD"))

// yumCache says whether a mount keeps yum's cache out of the layer.
func yumCache(target string) bool {
	return within("/var/cache/yum", target) || within("/var/cache/dnf", target)
}

// yumFills says whether a command is an install of yum's.
func yumFills(c *command) bool {
	if c.name() != "yum" {
		return false
	}
	install := c.subcommand(yumValued...)
	if install != nil && (install.name() == "module" || install.name() == "group" || install.name() == "groups") {
		install = install.subcommand(yumValued...)
	}
	return install != nil && install.name() == "install"
}

// yumEmpties says whether a command removes yum's cache. Where yum is another name
// of dnf, dnf does it as well.
func yumEmpties(c *command) bool {
	if c.name() == "yum" || c.name() == "dnf" {
		clean := c.subcommand(yumValued...)
		return clean != nil && clean.name() == "clean" && clean.has("all")
	}
	return c.removes("/var/cache/yum") || c.removes("/var/cache/dnf")
}
