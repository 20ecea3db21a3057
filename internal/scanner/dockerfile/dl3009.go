package dockerfile

import (
	"path"
	"strings"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "DL3009", Severity: finding.Low,
	Title:       "apt package lists stay in the layer",
	Remediation: "Remove /var/lib/apt/lists/* in the same RUN, or mount a cache there",
	Fixable:     true,
}, onFile(func(r *report, f *file) {
	for _, st := range f.stages {
		if st != f.final() && st.children == 0 {
			continue // nothing of it is shipped but what is copied
		}
		for _, i := range st.instructions {
			if i.script == nil || mounted(i, func(target string) bool { return within(aptLists, target) }) {
				continue
			}
			if c := updatesLists(i.script.commands); c != nil {
				fixDL3009(r.command(c, "package lists of %s update are left in /var/lib/apt/lists", c.name()), c)
			}
		}
	}
}))

const aptLists = "/var/lib/apt/lists"

// updatesLists gives the command that fetches apt's lists, unless another one
// removes them.
func updatesLists(commands []*command) *command {
	var update *command
	for _, c := range commands {
		c = c.withoutSudo()
		switch c.name() {
		case "apt-get", "apt", "aptitude":
			switch {
			case c.has("dist-clean") || c.has("distclean"):
				update = nil
			case update == nil && c.has("update"):
				update = c
			}
		case "rm":
			if c.removes(aptLists) {
				update = nil
			}
		}
	}
	return update
}

// within says whether a path is a directory, or below it.
func within(p, dir string) bool {
	dir = path.Clean(dir)
	return dir != "/" && dir != "." && (p == dir || strings.HasPrefix(p, dir+"/"))
}

// mounted says whether RUN has a cache or tmpfs mount at such a target.
func mounted(i *instruction, at func(target string) bool) bool {
	for _, m := range i.flagValues("mount") {
		kind, target := "", ""
		for field := range strings.SplitSeq(m, ",") {
			key, value, _ := strings.Cut(field, "=")
			switch strings.ToLower(key) {
			case "type":
				kind = strings.ToLower(value)
			case "target", "dst", "destination":
				target = path.Clean(value)
			}
		}
		if (kind == "cache" || kind == "tmpfs") && target != "" && at(target) {
			return true
		}
	}
	return false
}
