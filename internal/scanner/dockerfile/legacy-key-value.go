package dockerfile

import (
	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "dockerfile/legacy-key-value", Severity: finding.Info,
	Title:       "Name and value are parted by a space",
	Remediation: "Write name=value, with quotes around a value with spaces",
}, onBuilding(func(r *report, i *instruction) {
	for _, p := range i.pairs() {
		if p.legacy {
			r.instruction(i, "%s %s takes all that follows for one value: write an equals sign", i.keyword, quote(p.key))
		}
	}
}, "ENV", "LABEL"))
