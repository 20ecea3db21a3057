package dockerfile

import (
	"strings"

	"mvdan.cc/sh/v3/syntax"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "SC2283", Severity: finding.High,
	Title:       "Blank around the = of an assignment",
	Remediation: "Leave the blanks out",
}, onCall(spacedAssignment))

func spacedAssignment(r *report, w *shellWalk, c *call) {
	if len(c.node.Args) < 2 {
		return
	}
	name, ok := literalWord(c.node.Args[0])
	lit, isLit := c.node.Args[1].Parts[0].(*syntax.Lit)
	if ok && isName(name) && isLit && strings.HasPrefix(lit.Value, "=") && !strings.HasPrefix(lit.Value, "==") {
		r.region(w, int(lit.ValuePos.Offset()), int(lit.ValuePos.Offset())+1, "this runs %s: an assignment has no blanks around its =", quote(name))
	}
}
