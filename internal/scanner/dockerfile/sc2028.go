package dockerfile

import (
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "SC2028", Severity: finding.Low,
	Title:       "echo may not know escapes",
	Remediation: "Use printf",
}, onCall(escapedEcho, "echo"))

func escapedEcho(r *report, w *shellWalk, c *call) {
	if w.dialect == "dash" || isEchoFlag(c.text(1)) && strings.Contains(c.text(1), "e") {
		return
	}
	for _, word := range c.args() {
		text, ok := literalWord(word)
		if !ok || slices.ContainsFunc(word.Parts, ansiQuoted) {
			continue
		}
		for i := 0; i+1 < len(text); i++ {
			if text[i] == '\\' && (strings.IndexByte("abefnrtv", text[i+1]) >= 0 || text[i+1] == '0' || text[i+1] == 'x') {
				r.node(w, word, "whether echo expands the escape depends on the shell: use printf")
				return
			}
		}
	}
}

// ansiQuoted says whether a part of a word is of the form $'…'.
func ansiQuoted(p syntax.WordPart) bool {
	q, ok := p.(*syntax.SglQuoted)
	return ok && q.Dollar
}
