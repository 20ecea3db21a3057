package dockerfile

import (
	"strings"

	"mvdan.cc/sh/v3/syntax"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "SC2077", Severity: finding.High,
	Title:       "Comparison without blanks is always true",
	Remediation: "Put blanks around the operator",
}, onCall(gluedComparison, "["))

func gluedComparison(r *report, w *shellWalk, c *call) {
	list := c.bracket().primaries
	if len(list) != 1 || list[0].operator != 0 {
		return
	}
	word := c.words[list[0].left]
	if _, ok := literalWord(word); ok {
		return
	}
	for _, p := range word.Parts {
		if lit, ok := p.(*syntax.Lit); ok {
			if n := strings.IndexByte(lit.Value, '='); n >= 0 {
				at := int(lit.ValuePos.Offset()) + n
				r.region(w, at, at+1, "without blanks around it this is one word, which is not empty")
				return
			}
		}
	}
}
