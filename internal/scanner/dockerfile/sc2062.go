package dockerfile

import (
	"strings"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "SC2062", Severity: finding.Medium,
	Title:       "Unquoted pattern of grep is matched by the shell first",
	Remediation: "Quote the pattern",
}, onCall(unquotedExpression, "grep"))

func unquotedExpression(r *report, w *shellWalk, c *call) {
	for n, word := range c.args() {
		if text := c.text(n + 1); strings.HasPrefix(text, "-") {
			if text == "-e" || text == "-f" || text == "--" {
				return
			}
			continue
		}
		if globs(word) {
			r.node(w, word, "the shell replaces %s by names that match in the working directory: quote it", quote(w.raw(word)))
		}
		return
	}
}
