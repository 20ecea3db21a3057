package dockerfile

import (
	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "DL4006", Severity: finding.Medium,
	Title:       "Pipe without pipefail",
	Remediation: "Set SHELL [\"/bin/bash\", \"-o\", \"pipefail\", \"-c\"] before the RUN",
	Fixable:     true,
}, onInstruction(func(r *report, i *instruction) {
	s := i.script
	if !hidesFailure(i) {
		return
	}
	p := s.pipelines[0]
	fixDL4006(r.at(i, p.where, s.raw(p.i, p.j), "a pipe hides the failure of every command but the last"), i)
}, "RUN"))
