package dockerfile

import (
	"strings"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "SC2021", Severity: finding.Low,
	Title:       "Brackets in the sets of tr stand for themselves",
	Remediation: "Leave them out: tr a-z A-Z",
}, onCall(bracketedSet, "tr"))

func bracketedSet(r *report, w *shellWalk, c *call) {
	for n := 1; n < len(c.words); n++ {
		text := c.text(n)
		if len(text) > 2 && text[0] == '[' && text[len(text)-1] == ']' && !globs(c.words[n]) && !strings.HasPrefix(text, "[:") && !strings.HasPrefix(text, "[=") && !strings.Contains(text, "*") {
			r.node(w, c.words[n], "tr takes the brackets for characters to replace")
		}
	}
}
