package dockerfile

import (
	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "SC2061", Severity: finding.Medium,
	Title:       "Unquoted pattern of find is matched by the shell first",
	Remediation: "Quote the pattern",
}, onCall(unquotedName, "find"))

func unquotedName(r *report, w *shellWalk, c *call) {
	for n := 1; n+1 < len(c.words); n++ {
		switch c.text(n) {
		case "-ilname", "-iname", "-ipath", "-iregex", "-iwholename", "-lname", "-name", "-path", "-regex", "-wholename":
			if word := c.words[n+1]; globs(word) {
				r.node(w, word, "the shell replaces %s by names that match in the working directory: quote it", quote(w.raw(word)))
			}
		}
	}
}
