package dockerfile

import (
	"mvdan.cc/sh/v3/syntax"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "SC3002", Severity: finding.Medium,
	Title:       "Extended pattern is not defined in sh",
	Remediation: "Use find or several patterns, or set SHELL to bash",
}, onNode(extendedPattern))

func extendedPattern(r *report, w *shellWalk, p *syntax.ExtGlob) {
	if w.posix() {
		r.node(w, p, "sh knows no extended patterns")
	}
}
