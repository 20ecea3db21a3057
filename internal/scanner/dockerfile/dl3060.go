package dockerfile

import (
	"strings"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "DL3060", Severity: finding.Low,
	Title:       "yarn leaves its cache in the layer",
	Remediation: "End the RUN with yarn cache clean, or mount a cache",
}, onFile(func(r *report, f *file) {
	for _, st := range f.stages {
		if !st.shipped(f) {
			continue
		}
		for _, i := range st.instructions {
			run := i.running()
			if run == nil {
				continue
			}
			if c := fillsYarn(run.script.commands); c != nil && !mounted(c.run, yarnCache) {
				r.command(c, "yarn install leaves its cache in the layer")
			}
		}
	}
}))

// fillsYarn gives the command that fills yarn's cache, unless a later one empties
// it.
func fillsYarn(commands []*command) *command {
	var install *command
	for _, c := range commands {
		switch {
		case c.name() != "yarn":
		case c.has("cache") && c.has("clean"):
			install = nil
		case install == nil && c.has("install"):
			install = c
		}
	}
	return install
}

// yarnCache says whether a mount keeps yarn's cache out of the layer: that of
// yarn 1, of root or not, or that of the later ones.
func yarnCache(target string) bool {
	for _, dir := range []string{"/.cache/yarn", "/.cache", "/.yarn", "/.yarn/cache", "/.yarn/berry", "/.yarn/berry/cache"} {
		if strings.HasSuffix(target, dir) || strings.Contains(target, "/.cache/yarn/") {
			return true
		}
	}
	return false
}
