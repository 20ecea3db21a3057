package dockerfile

import (
	"mvdan.cc/sh/v3/syntax"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "SC3009", Severity: finding.Medium,
	Title:       "Brace expansion is not defined in sh",
	Remediation: "Write the words out, or set SHELL to bash",
}, onNode(braceExpansion))

func braceExpansion(r *report, w *shellWalk, word *syntax.Word) {
	if !w.posix() || w.quoted || w.place == inArithmetic || w.place == inDocument || w.place == inExpansion || w.place == inPattern {
		return
	}
	for _, b := range w.braces(word) {
		if b.expands {
			r.region(w, b.i, b.j, "sh does not expand %s", quote(w.script.raw(b.i, b.j)))
		}
	}
}
