package dockerfile

import (
	"mvdan.cc/sh/v3/syntax"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "SC2103", Severity: finding.Low,
	Title:       "cd back in the same script",
	Remediation: "Use a subshell: ( cd …; … )",
}, onScript(cdBack))

func cdBack(r *report, w *shellWalk) {
	if w.setsErrexit() {
		return
	}
	w.cdPairs(w.script.tree.Stmts, func(st *syntax.Stmt) {
		r.node(w, st, "where the first cd has failed this leads elsewhere: put both into a subshell")
	})
}

// cdPairs calls for each cd back that follows a cd in the same list.
func (w *shellWalk) cdPairs(list []*syntax.Stmt, found func(*syntax.Stmt)) {
	away := false
	for _, st := range list {
		c := onlyCall([]*syntax.Stmt{st})
		if c == nil || c.name != "cd" || len(c.words) != 2 {
			continue
		}
		switch c.text(1) {
		case "..", "-":
			if away {
				found(st)
			}
			away = false
		default:
			away = true
		}
	}
}
