package dockerfile

import (
	"strings"

	"mvdan.cc/sh/v3/syntax"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "SC2043", Severity: finding.Medium,
	Title:       "Loop that runs once",
	Remediation: "Write a list, a pattern or an expansion",
}, onNode(loopOnce))

func loopOnce(r *report, w *shellWalk, f *syntax.ForClause) {
	loop, ok := f.Loop.(*syntax.WordIter)
	if !ok || len(loop.Items) != 1 {
		return
	}
	item := loop.Items[0]
	if _, single := item.Parts[0].(*syntax.SglQuoted); single {
		return
	}
	if text, ok := literalWord(item); ok && !globs(item) && !strings.ContainsAny(text, "{,") {
		r.node(w, item, "the loop runs once, for the word %s", quote(text))
	}
}
