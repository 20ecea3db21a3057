package dockerfile

import (
	"strings"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "SC2020", Severity: finding.Low,
	Title:       "tr replaces letters, not words",
	Remediation: "Use sed for words",
}, onCall(wordSet, "tr"))

func wordSet(r *report, w *shellWalk, c *call) {
	for n, word := range c.args() {
		text := c.text(n + 1)
		if strings.HasPrefix(text, "-") || strings.Contains(text, "[:") || globs(word) {
			continue
		}
		if doubles(strings.Map(lettersOnly, text)) {
			r.node(w, word, "tr takes %s for a set of letters, of which one stands in it twice", quote(text))
		}
	}
}

// lettersOnly drops what is no letter.
func lettersOnly(c rune) rune {
	if c < 0x80 && letter(byte(c)) {
		return c
	}
	return -1
}
