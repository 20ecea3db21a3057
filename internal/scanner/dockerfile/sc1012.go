package dockerfile

import (
	"strings"

	"mvdan.cc/sh/v3/syntax"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "SC1012", Severity: finding.Medium,
	Title:       "Backslash and letter is that letter",
	Remediation: "Use printf, or quote the word for a program that knows the escape",
}, onNode(lostEscape))

func lostEscape(r *report, w *shellWalk, lit *syntax.Lit) {
	w.uselessEscapes(lit, func(i int, c byte) {
		if strings.IndexByte("ntr", c) >= 0 {
			r.region(w, i, i+2, "the shell makes of this a plain %s", quote(string(rune(c))))
		}
	})
}
