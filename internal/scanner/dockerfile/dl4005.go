package dockerfile

import (
	"path"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "DL4005", Severity: finding.Medium,
	Title:       "Link replaces /bin/sh",
	Remediation: "Choose the shell with SHELL",
}, onCommand(func(r *report, c *command) {
	for _, to := range linked(c) {
		if to == "/bin/sh" || to == "/usr/bin/sh" {
			r.command(c, "ln replaces %s for whatever runs in the image", to)
			return
		}
	}
}, "ln"))

// linked are the paths that ln creates, as far as its words tell.
func linked(c *command) []string {
	p := c.getopt("St", "suffix", "target-directory")
	sources := p.operands
	dir, into := p.value("t", "target-directory")
	if !into {
		if len(sources) < 2 {
			return nil
		}
		dir = path.Clean(sources[len(sources)-1].text)
		sources = sources[:len(sources)-1]
		if dir != "/bin" && dir != "/usr/bin" {
			return []string{dir}
		}
	}
	var links []string
	for _, s := range sources {
		links = append(links, path.Join(dir, path.Base(s.text)))
	}
	return links
}
