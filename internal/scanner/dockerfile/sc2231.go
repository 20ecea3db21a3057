package dockerfile

import (
	"mvdan.cc/sh/v3/syntax"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "SC2231", Severity: finding.Low,
	Title:       "Unquoted expansion in the pattern of a for loop",
	Remediation: "Put double quotes around the expansion, not around the pattern",
}, onNode(loopPattern))

func loopPattern(r *report, w *shellWalk, f *syntax.ForClause) {
	loop, ok := f.Loop.(*syntax.WordIter)
	if !ok {
		return
	}
	for _, item := range loop.Items {
		if !globs(item) {
			continue
		}
		for _, p := range item.Parts {
			switch p.(type) {
			case *syntax.ParamExp, *syntax.CmdSubst:
				r.node(w, p, "%s is split into words before its pattern is matched: put it into double quotes", quote(w.raw(p)))
			}
		}
	}
}
