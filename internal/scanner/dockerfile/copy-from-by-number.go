package dockerfile

import (
	"strconv"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "dockerfile/copy-from-by-number", Severity: finding.Info,
	Title:       "COPY --from counts stages",
	Remediation: "Give the stage a name (FROM image AS name) and copy from that",
}, onBuilding(func(r *report, i *instruction) {
	if from, ok := i.flag("from"); ok {
		if _, err := strconv.ParseUint(from, 10, 16); err == nil {
			r.instruction(i, "stage %s is meant by its number, which changes with every stage before it", from)
		}
	}
}, "COPY"))
