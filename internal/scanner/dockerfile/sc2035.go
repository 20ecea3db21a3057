package dockerfile

import (
	"strings"

	"mvdan.cc/sh/v3/syntax"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "SC2035", Severity: finding.Low,
	Title:       "Pattern can match names that begin with a dash",
	Remediation: "Write ./*, or -- before it",
}, onCall(globAsOption))

func globAsOption(r *report, w *shellWalk, c *call) {
	if c.name == "echo" || c.name == "printf" || c.name == "[" || len(c.node.Args) == 0 {
		return
	}
	for _, word := range c.node.Args[1:] {
		switch text, _ := literalWord(word); text {
		case "--", ":::", "::::":
			return
		}
		if lit, ok := word.Parts[0].(*syntax.Lit); ok && (strings.HasPrefix(lit.Value, "*") || strings.HasPrefix(lit.Value, "?")) {
			r.region(w, int(word.Pos().Offset()), int(word.Pos().Offset())+1, "a file whose name begins with a dash becomes an option: write ./%s", w.script.raw(int(word.Pos().Offset()), int(word.Pos().Offset())+1))
		}
	}
}
