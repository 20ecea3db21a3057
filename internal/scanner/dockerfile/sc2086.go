package dockerfile

import (
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "SC2086", Fixable: true, Severity: finding.Low,
	Title:       "Unquoted variable is split into words and matched against files",
	Remediation: "Put double quotes around it, or around the word it is part of",
}, onNode(unquotedVariable))

func unquotedVariable(r *report, w *shellWalk, p *syntax.ParamExp) {
	if p.Param == nil || p.Length || everything(p) || alternative(p) || !w.splits() || w.value(p.Param.Value) == valueOne {
		return
	}
	if w.call != nil && w.call.name == ":" && p.Exp != nil && (p.Exp.Op == syntax.AssignUnset || p.Exp.Op == syntax.AssignUnsetOrNull) {
		return // SC2223
	}
	h := r.node(w, p, "%s is split at white space and matched against file names: put it into double quotes", quote(w.raw(p)))
	if w.place == inRedirect || w.isOneWord(p) { // more than one is an error in a redirection
		quoteNode(h, w.script, p)
	}
}

// isOneWord says that a variable is surely meant to be one word or a part of one: it
// stands within an address, or within a word and the Dockerfile gives it a value that
// is one. What stands alone may be a list.
func (w *shellWalk) isOneWord(p *syntax.ParamExp) bool {
	if w.word == nil || len(w.word.Parts) < 2 || !slices.Contains(w.word.Parts, syntax.WordPart(p)) {
		return false
	}
	var around strings.Builder
	for _, part := range w.word.Parts {
		if lit, ok := part.(*syntax.Lit); ok {
			around.WriteString(lit.Value)
		}
	}
	if strings.Contains(around.String(), "://") {
		return true
	}
	if use := w.uses[p.Param.Value]; around.Len() == 0 || use != nil && use.last != nil {
		return false // the script may set it to anything
	}
	value, known := w.script.run.variable(p.Param.Value)
	return known && value != "" && !strings.ContainsAny(value, " \t\n*?[")
}
