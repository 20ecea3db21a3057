package dockerfile

import (
	"strings"

	"mvdan.cc/sh/v3/syntax"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "SC3026", Severity: finding.Medium,
	Title:       "^ in a pattern is not defined in sh",
	Remediation: "Write [!…]",
}, onNode(caretClass))

func caretClass(r *report, w *shellWalk, lit *syntax.Lit) {
	if !w.posix() || w.quoted || strings.IndexByte(lit.Value, '^') < 0 {
		return
	}
	switch w.place {
	case inArithmetic, inExpansion, inDocument:
		return
	}
	text := w.raw(lit)
	for _, c := range classes(text) {
		if text[c.i+1] == '^' {
			at := int(lit.ValuePos.Offset())
			r.region(w, at+c.i, at+c.j, "sh negates a range by [!…] only")
		}
	}
}
