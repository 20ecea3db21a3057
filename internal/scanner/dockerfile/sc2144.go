package dockerfile

import (
	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "SC2144", Severity: finding.High,
	Title:       "-e of a pattern fails with several files",
	Remediation: "Loop over the pattern",
}, onCall(globExists, "["))

func globExists(r *report, w *shellWalk, c *call) {
	for _, p := range c.bracket().primaries {
		if op := c.text(p.operator); p.unary() && op != "-n" && op != "-z" && op != "-v" && globs(c.words[p.left]) {
			r.node(w, c.words[p.left], "two files that match are one argument too many")
		}
	}
}
