package dockerfile

import (
	"strings"

	"mvdan.cc/sh/v3/syntax"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "SC1007", Severity: finding.Medium,
	Title:       "Blank behind the = of an assignment",
	Remediation: "Leave the blank out, or write name=\"\" for none",
}, onNode(blankValue))

func blankValue(r *report, w *shellWalk, a *syntax.Assign) {
	if a.Array != nil || a.Value != nil || a.Naked || a.Name == nil || a.Name.Value == "IFS" {
		return
	}
	end := int(a.End().Offset())
	rest := w.script.text[min(end, len(w.script.text)):]
	next := strings.TrimLeft(rest, " \t")
	if len(next) == len(rest) || next == "" || strings.IndexByte("\r\n;&|)#", next[0]) >= 0 {
		return
	}
	r.region(w, end, end+1, "this sets %s to nothing, and what follows is something else: write %s=''", quote(a.Name.Value), a.Name.Value)
}
