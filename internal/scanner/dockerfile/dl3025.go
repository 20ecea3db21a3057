package dockerfile

import (
	"strings"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "DL3025", Severity: finding.Medium,
	Title:       "CMD or ENTRYPOINT is in shell form",
	Remediation: "Write it as an array of strings in double quotes",
	Fixable:     true,
}, onInstruction(func(r *report, i *instruction) {
	words := i.words
	if i.keyword == "HEALTHCHECK" {
		if len(words) == 0 || !strings.EqualFold(words[0].text, "CMD") {
			return
		}
		words = words[1:]
	}
	if i.exec || len(words) == 0 {
		return
	}
	fixDL3025(r.part(i, i.span(words[0].i, i.end), "%s is in shell form, so it runs as the child of a shell", i.keyword), i)
}, "CMD", "ENTRYPOINT", "HEALTHCHECK"))
