package dockerfile

import (
	"slices"

	"mvdan.cc/sh/v3/syntax"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "SC2013", Severity: finding.Low,
	Title:       "Loop over the words of a file",
	Remediation: "Read lines: while read -r line; do …; done < file",
}, onNode(loopOverWords))

func loopOverWords(r *report, w *shellWalk, f *syntax.ForClause) {
	w.loopSources(f, func(word *syntax.Word, _ *call, s *syntax.CmdSubst) {
		if len(s.Stmts) == 1 && !slices.ContainsFunc(flatten(s.Stmts[0], true), notLineBased) {
			r.node(w, word, "this goes over words, not over lines")
		}
	})
}

// notLineBased says whether a command does something else than to give lines.
func notLineBased(st *syntax.Stmt) bool {
	node, ok := st.Cmd.(*syntax.CallExpr)
	if !ok {
		return true
	}
	switch newCall(st, node).name {
	case "grep", "fgrep", "egrep", "sed", "cat", "awk", "cut", "sort":
		return false
	}
	return true
}

// loopSources calls for the item of a loop that is one command substitution.
func (w *shellWalk) loopSources(f *syntax.ForClause, found func(*syntax.Word, *call, *syntax.CmdSubst)) {
	loop, ok := f.Loop.(*syntax.WordIter)
	if !ok || len(loop.Items) != 1 || len(loop.Items[0].Parts) != 1 {
		return
	}
	if s, ok := loop.Items[0].Parts[0].(*syntax.CmdSubst); ok {
		found(loop.Items[0], onlyCall(s.Stmts), s)
	}
}
