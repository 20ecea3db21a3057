package dockerfile

import (
	"strings"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "SC2059", Severity: finding.Low,
	Title:       "Variable in the format of printf",
	Remediation: "Write printf \"%s\" \"$name\"",
}, onCall(variableFormat, "printf"))

func variableFormat(r *report, w *shellWalk, c *call) {
	n := 1
	if c.text(n) == "-v" {
		n = 3
	}
	if c.text(n) == "--" {
		n++
	}
	if n >= len(c.words) || strings.Contains(w.raw(c.words[n]), "%") {
		return
	}
	if _, ok := literalWord(c.words[n]); !ok || globs(c.words[n]) {
		r.node(w, c.words[n], "a percent sign or a backslash in the value changes what printf prints: write '%%s' first")
	}
}
