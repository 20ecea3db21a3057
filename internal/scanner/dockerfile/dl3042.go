package dockerfile

import (
	"slices"
	"strings"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

const pipNoCache = "PIP_NO_CACHE_DIR"

var _ = declare(rule.Meta{
	ID: "DL3042", Severity: finding.Medium,
	Title:       "pip keeps its download cache in the layer",
	Remediation: "Add --no-cache-dir, set PIP_NO_CACHE_DIR=1, or mount a cache",
	Fixable:     true,
}, onFile(func(r *report, f *file) {
	off := make(map[*stage]bool) // whether the environment switches the cache off
	for _, st := range f.stages {
		off[st] = off[st.parent]
		for _, i := range st.instructions {
			if i.broken {
				continue
			}
			switch i.keyword {
			case "ENV":
				for _, p := range i.pairs() {
					if p.key == pipNoCache {
						off[st] = unquote(p.value) != "" // whatever it is: pip takes "0" for yes too
					}
				}
			case "RUN":
				pipCaches(r, i, off[st])
			case "ONBUILD":
				pipCaches(r, i.trigger, off[st])
			}
		}
	}
}))

// pipCaches reports each pip install of a RUN that keeps its cache.
func pipCaches(r *report, i *instruction, off bool) {
	if i == nil || i.script == nil || mounted(i, pipCache) {
		return
	}
	for _, c := range i.script.commands {
		if c.name() == "export" && !off {
			for _, a := range c.args() {
				if key, value, _ := strings.Cut(a.text, "="); key == pipNoCache {
					off = value != ""
				}
			}
		}
		n := pipInstall(c)
		if n < 0 || off || c.flag("no-cache-dir") || slices.ContainsFunc(c.assigns, func(a assignment) bool {
			return a.name == pipNoCache && a.value != ""
		}) {
			continue
		}
		h := r.command(c, "pip install leaves its download cache in the layer")
		if c.editable() {
			h.description = "add --no-cache-dir"
			h.insert(c.words[n].where.end, " --no-cache-dir")
		}
	}
}

// pipInstall gives the index of the word install where a command is pip install,
// -1 where it is not.
func pipInstall(c *command) int {
	words := c.words
	switch strings.TrimRight(c.name(), "0123456789.") {
	case "pip":
	case "python":
		n := slices.IndexFunc(words, func(a arg) bool { return strings.HasPrefix(a.text, "-m") })
		if n < 0 || words[n].text != "-mpip" && (words[n].text != "-m" || n+1 >= len(words) || words[n+1].text != "pip") {
			return -1
		}
	default:
		return -1
	}
	return slices.IndexFunc(words, func(a arg) bool { return a.text == "install" })
}

// pipCache says whether a mount keeps pip's cache out of the layer.
func pipCache(target string) bool {
	return strings.HasSuffix(target, "/.cache/pip") || strings.HasSuffix(target, "/.cache")
}
