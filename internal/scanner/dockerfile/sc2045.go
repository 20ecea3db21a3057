package dockerfile

import (
	"mvdan.cc/sh/v3/syntax"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "SC2045", Severity: finding.High,
	Title:       "Loop over what ls prints",
	Remediation: "Loop over a pattern: for f in *",
}, onNode(loopOverList))

func loopOverList(r *report, w *shellWalk, f *syntax.ForClause) {
	w.loopSources(f, func(word *syntax.Word, c *call, _ *syntax.CmdSubst) {
		if c != nil && c.name == "ls" {
			r.node(w, word, "what ls prints is split at white space: loop over a pattern")
		}
	})
}
