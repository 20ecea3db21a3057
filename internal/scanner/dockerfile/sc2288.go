package dockerfile

import (
	"strings"

	"mvdan.cc/sh/v3/syntax"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "SC2288", Severity: finding.Medium,
	Title:       "Command ends in an odd character",
	Remediation: "Correct the command",
}, onCall(oddEnd))

func oddEnd(r *report, w *shellWalk, c *call) {
	if len(c.node.Args) == 0 {
		return
	}
	switch text := visible(c.node.Args[0].Parts); text {
	case "", ".", ":", " ", "//", "[":
	default:
		if end := text[len(text)-1:]; strings.Contains("\\.,([{<>}])#\"'% ", end) {
			r.node(w, c.node.Args[0], "the name of this command ends in %s", quote(end))
		}
	}
}

// visible is a word without its quotes, with an x for what is expanded.
func visible(parts []syntax.WordPart) string {
	var b strings.Builder
	for _, p := range parts {
		switch p := p.(type) {
		case *syntax.Lit:
			unescape(&b, p.Value, false)
		case *syntax.SglQuoted:
			b.WriteString(p.Value)
		case *syntax.DblQuoted:
			b.WriteString(visible(p.Parts))
		default:
			b.WriteByte('x')
		}
	}
	return b.String()
}
