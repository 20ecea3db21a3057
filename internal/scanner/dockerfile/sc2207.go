package dockerfile

import (
	"mvdan.cc/sh/v3/syntax"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "SC2207", Severity: finding.Medium,
	Title:       "Unquoted command substitution fills an array",
	Remediation: "Use mapfile -t or read -ra",
}, onNode(splitOutput))

func splitOutput(r *report, w *shellWalk, e *syntax.ArrayElem) {
	if e.Value == nil || e.Index != nil {
		return
	}
	for _, p := range e.Value.Parts {
		if v, ok := p.(*syntax.CmdSubst); ok {
			r.node(w, v, "what %s prints is split at white space and matched against file names", quote(w.raw(v)))
		}
	}
}
