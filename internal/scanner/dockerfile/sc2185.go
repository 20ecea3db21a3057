package dockerfile

import (
	"strings"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "SC2185", Severity: finding.Low,
	Title:       "find without a path",
	Remediation: "Write the path: find . …",
}, onCall(findNowhere, "find"))

func findNowhere(r *report, w *shellWalk, c *call) {
	if c.flag("help") {
		return
	}
	for n := 1; n < len(c.words); n++ {
		text, literal := literalWord(c.words[n])
		if !literal || !strings.HasPrefix(text, "-") {
			return
		}
		if len(text) > 2 && !strings.HasPrefix(text, "-O") {
			break
		}
	}
	r.node(w, c.words[0], "not every find takes the working directory for granted: write the path")
}
