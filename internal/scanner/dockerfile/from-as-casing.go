package dockerfile

import (
	"strings"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "dockerfile/from-as-casing", Severity: finding.Info,
	Title:       "FROM and AS are written in different cases",
	Remediation: "Write both in upper case",
}, onInstruction(func(r *report, i *instruction) {
	if len(i.words) != 3 {
		return
	}
	as := i.words[1].text
	if i.written() == "FROM" && as != "AS" || i.written() == "from" && as != "as" {
		r.part(i, i.wordSpan(1), "%s does not go with %s", quote(as), quote(strings.TrimSpace(i.written())))
	}
}, "FROM"))
