package dockerfile

import (
	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "DL3019", Severity: finding.Low,
	Title:       "apk keeps its cache in the layer",
	Remediation: "Add --no-cache, or mount a cache on /var/cache/apk",
	Fixable:     true,
}, onInstruction(func(r *report, i *instruction) {
	run := i.running()
	if run == nil || mounted(run, apkCache) {
		return
	}
	for _, c := range run.script.commands {
		if c.name() != "apk" || c.long("no-cache") {
			continue
		}
		if add := c.subcommand(apkValued...); add != nil && add.name() == "add" {
			fixDL3019(r.command(c, "apk add leaves the package index in the layer"), c)
		}
	}
}, "RUN", "ONBUILD"))

// apkCache says whether a mount keeps apk's cache out of the layer. apk prefers
// the second directory where there is one.
func apkCache(target string) bool {
	return within("/var/cache/apk", target) || within("/etc/apk/cache", target)
}
