package dockerfile

import (
	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "SC3014", Severity: finding.Medium,
	Title:       "== in [ ] is not defined in sh",
	Remediation: "Write =",
}, onCall(doubleEquals, "[", "test"))

func doubleEquals(r *report, w *shellWalk, c *call) {
	w.operators(c, func(n int, operator string) {
		if operator == "==" {
			r.node(w, c.words[n], "[ knows no == in sh: write =")
		}
	})
}

// operators calls for each operator between two words of a [ of sh.
func (w *shellWalk) operators(c *call, found func(int, string)) {
	if !w.posix() {
		return
	}
	for _, p := range c.bracket().primaries {
		if p.operator != 0 && !p.unary() {
			found(p.operator, c.text(p.operator))
		}
	}
}
