package dockerfile

import (
	"mvdan.cc/sh/v3/syntax"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "SC2044", Severity: finding.Medium,
	Title:       "Loop over what find prints",
	Remediation: "Use find -exec, or find -print0 and read -d",
}, onNode(loopOverFind))

func loopOverFind(r *report, w *shellWalk, f *syntax.ForClause) {
	w.loopSources(f, func(word *syntax.Word, c *call, _ *syntax.CmdSubst) {
		if c != nil && c.name == "find" {
			r.node(w, word, "names with blanks are cut apart: use -exec")
		}
	})
}
