package dockerfile

import (
	"strings"

	"mvdan.cc/sh/v3/syntax"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "SC2139", Severity: finding.Medium,
	Title:       "Variable in an alias is expanded at once",
	Remediation: "Write the alias in single quotes, or a function",
}, onCall(earlyAlias, "alias"))

func earlyAlias(r *report, w *shellWalk, c *call) {
	for _, word := range c.args() {
		if !strings.Contains(w.raw(word), "=") {
			continue
		}
		if p := firstExpansion(word.Parts); p != nil {
			r.node(w, p, "%s is expanded now, not when the alias is used", quote(w.raw(p)))
		}
	}
}

// firstExpansion is the first part of a word that is expanded; nil where none is.
func firstExpansion(parts []syntax.WordPart) syntax.WordPart {
	for _, p := range parts {
		switch p := p.(type) {
		case *syntax.DblQuoted:
			if inner := firstExpansion(p.Parts); inner != nil {
				return inner
			}
		case *syntax.ParamExp, *syntax.CmdSubst:
			return p
		}
	}
	return nil
}
