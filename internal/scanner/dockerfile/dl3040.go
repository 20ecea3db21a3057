package dockerfile

import (
	"slices"
	"strings"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "DL3040", Severity: finding.Medium,
	Title:       "dnf leaves its cache in the layer",
	Remediation: "End the RUN with dnf clean all, or mount a cache on /var/cache",
}, onInstruction(func(r *report, i *instruction) {
	run := i.running()
	if run == nil {
		return
	}
	var install *command
	for _, c := range run.script.commands {
		switch {
		case cleansDNF(c):
			install = nil
		case install == nil && fillsDNF(c):
			install = c
		}
	}
	if install != nil && !mounted(install.run, holdsDNF) {
		r.command(install, "the cache that %s fills is left in the layer", install.name())
	}
}, "RUN", "ONBUILD"))

// fillsDNF says whether a command fetches packages with dnf.
func fillsDNF(c *command) bool {
	switch c.name() {
	case "dnf", "dnf5", "microdnf":
		return slices.Contains(dnfFetches, readDNF(c).sub)
	}
	return false
}

// dnfFetches are the subcommands that download packages; update is upgrade's old
// name.
var dnfFetches = []string{
	"install", "reinstall", "upgrade", "update", "downgrade", "distro-sync", "swap", "localinstall", "groupinstall",
	"builddep", "group install", "group upgrade", "module install", "module update",
}

// dnfCaches are where dnf, microdnf and dnf 5 keep what they fetch.
var dnfCaches = []string{"/var/cache/dnf", "/var/cache/yum", "/var/cache/libdnf5"}

// cleansDNF says whether a command empties dnf's cache.
func cleansDNF(c *command) bool {
	switch c.name() {
	case "dnf", "dnf5", "microdnf", "yum":
		d := readDNF(c)
		return d.sub == "clean" && len(d.packages) > 0 && d.packages[0].text == "all"
	case "rm":
		return slices.ContainsFunc(c.operands(), func(o arg) bool {
			return holdsDNF(strings.TrimRight(o.text, "*")) || slices.ContainsFunc(dnfCaches, func(dir string) bool {
				return strings.HasPrefix(o.text, dir+"/")
			})
		})
	}
	return false
}

// holdsDNF says whether one of dnf's caches is a directory or below it.
func holdsDNF(dir string) bool {
	return slices.ContainsFunc(dnfCaches, func(cache string) bool { return within(cache, dir) })
}
