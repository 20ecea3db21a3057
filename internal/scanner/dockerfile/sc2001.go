package dockerfile

import (
	"strings"

	"mvdan.cc/sh/v3/syntax"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "SC2001", Severity: finding.Info,
	Title:       "echo and sed for one replacement",
	Remediation: "Write ${name//search/replacement} in bash",
}, onPipe(echoSed))

func echoSed(r *report, w *shellWalk, steps []*call) {
	if w.posix() || len(steps) != 2 || steps[0].first() != "echo" || steps[1].first() != "sed" || len(steps[0].words) != 2 || !oneVariable(steps[0].words[1]) {
		return
	}
	sed := steps[1]
	last := len(sed.words) - 1
	if (last == 1 || last == 2 && sed.text(1) == "-e") && simpleReplacement(visible(sed.words[last].Parts)) {
		r.region(w, int(steps[0].words[0].Pos().Offset()), int(sed.end().Offset()), "bash replaces by itself: ${name//search/replacement}")
	}
}

// oneVariable says whether a word is one variable, quoted or not.
func oneVariable(word *syntax.Word) bool {
	parts := word.Parts
	if q, ok := parts[0].(*syntax.DblQuoted); ok && len(parts) == 1 {
		parts = q.Parts
	}
	if len(parts) != 1 {
		return false
	}
	_, ok := parts[0].(*syntax.ParamExp)
	return ok
}

// simpleReplacement says whether a sed script is one substitution and nothing else.
func simpleReplacement(text string) bool {
	if len(text) < 4 || text[0] != 's' {
		return false
	}
	return strings.Count(text[2:], text[1:2]) == 2
}
