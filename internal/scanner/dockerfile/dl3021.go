package dockerfile

import (
	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "DL3021", Severity: finding.High,
	Title:       "COPY of several sources to what may be no folder",
	Remediation: "End the destination with a slash",
}, onInstruction(func(r *report, i *instruction) {
	last := len(i.words) - 1
	if last < 2 {
		return
	}
	to := unquote(i.words[last].text)
	if to != "" && to[len(to)-1] != '/' && to[len(to)-1] != '\\' {
		r.part(i, i.wordSpan(last), "COPY has %d sources, so %s must end with a slash", last, quote(to))
	}
}, "COPY"))
