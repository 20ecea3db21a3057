package dockerfile

import (
	"mvdan.cc/sh/v3/syntax"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "SC3012", Severity: finding.Medium,
	Title:       "Comparison of texts by order is not defined in sh",
	Remediation: "Compare with sort, or numbers with -lt and -gt",
}, onCall(lexicographic, "[", "test"))

func lexicographic(r *report, w *shellWalk, c *call) {
	for _, d := range c.stmt.Redirs {
		if w.posix() && c.name == "[" && (d.Op == syntax.RdrOut || d.Op == syntax.RdrIn) && d.N == nil {
			r.region(w, int(d.OpPos.Offset()), int(d.OpPos.Offset())+1, "this redirects: sh does not compare texts by their order")
		}
	}
	w.operators(c, func(n int, operator string) {
		if operator == "<" || operator == ">" {
			r.node(w, c.words[n], "sh does not define %s within [ ]", quote(operator))
		}
	})
}
