package dockerfile

import (
	"mvdan.cc/sh/v3/syntax"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "SC2068", Severity: finding.High,
	Title:       "Unquoted $@ is split into words",
	Remediation: "Write \"$@\"",
}, onNode(unquotedAll))

func unquotedAll(r *report, w *shellWalk, p *syntax.ParamExp) {
	if !everything(p) || w.quoted || alternative(p) {
		return
	}
	if w.place == inArgs || w.place == inItems || w.place == inRedirect {
		r.node(w, p, "%s is split again at white space: put it into double quotes", quote(w.raw(p)))
	}
}
