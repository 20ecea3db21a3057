package dockerfile

import (
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "SC2002", Severity: finding.Info,
	Title:       "cat of one file into a pipe",
	Remediation: "Give the file to the program, or redirect it: < file",
}, onPipe(uselessCat))

func uselessCat(r *report, w *shellWalk, steps []*call) {
	c := steps[0]
	if c == nil || c.name != "cat" || len(c.words) != 2 || strings.HasPrefix(c.text(1), "-") || manyWords(c.words[1]) {
		return
	}
	r.node(w, c.words[1], "%s needs no cat: the next program can read it", quote(w.raw(c.words[1])))
}

// manyWords says whether a word may turn into several.
func manyWords(word *syntax.Word) bool {
	return globs(word) || slices.ContainsFunc(word.Parts, func(p syntax.WordPart) bool {
		switch p := p.(type) {
		case *syntax.ParamExp:
			return true
		case *syntax.DblQuoted:
			return slices.ContainsFunc(p.Parts, func(q syntax.WordPart) bool {
				e, ok := q.(*syntax.ParamExp)
				return ok && (everything(e) || e.Excl)
			})
		case *syntax.Lit:
			return strings.ContainsAny(p.Value, "{")
		}
		return false
	})
}
