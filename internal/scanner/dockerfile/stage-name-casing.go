package dockerfile

import (
	"strings"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "dockerfile/stage-name-casing", Severity: finding.Info,
	Title:       "Name of a stage has upper-case letters",
	Remediation: "Write it in lower case, as it is compared",
}, onInstruction(func(r *report, i *instruction) {
	if len(i.words) != 3 {
		return
	}
	if name := i.words[2].text; name != strings.ToLower(name) {
		r.part(i, i.wordSpan(2), "stage %s is known as %s", quote(name), quote(strings.ToLower(name)))
	}
}, "FROM"))
