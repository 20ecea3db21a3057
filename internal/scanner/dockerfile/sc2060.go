package dockerfile

import (
	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "SC2060", Severity: finding.Medium,
	Title:       "Unquoted set of tr is a pattern",
	Remediation: "Quote it",
}, onCall(unquotedSet, "tr"))

func unquotedSet(r *report, w *shellWalk, c *call) {
	for _, word := range c.args() {
		if globs(word) {
			r.node(w, word, "the shell replaces %s by a file whose name matches: quote it", quote(w.raw(word)))
		}
	}
}
