package dockerfile

import (
	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "DL3036", Severity: finding.Medium,
	Title:       "zypper keeps its cache in the layer",
	Remediation: "End the RUN with zypper clean --all, or mount a cache on /var/cache/zypp",
}, onInstruction(func(r *report, i *instruction) {
	run := i.running()
	if run == nil || mounted(run, func(target string) bool { return within("/var/cache/zypp", target) }) {
		return
	}
	if c := leftover(run.script.commands, zypperInstalls, zypperCleans); c != nil {
		r.command(c, "zypper install leaves its cache in the layer")
	}
}, "RUN", "ONBUILD"))

// zypperCleans says whether a command removes zypper's cache.
func zypperCleans(c *command) bool {
	if c.name() != "zypper" {
		return c.removes("/var/cache/zypp")
	}
	name := zypper(c).name()
	return name == "clean" || name == "cc"
}
