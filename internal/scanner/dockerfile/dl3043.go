package dockerfile

import (
	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "DL3043", Severity: finding.High,
	Title:       "ONBUILD holds what it must not hold",
	Remediation: "ONBUILD takes every instruction but ONBUILD, FROM and MAINTAINER",
}, onInstruction(func(r *report, i *instruction) {
	if i.trigger == nil {
		return
	}
	switch k := i.trigger.keyword; k {
	case "ONBUILD", "FROM", "MAINTAINER":
		r.instruction(i, "%s isn't allowed in ONBUILD", k)
	}
}, "ONBUILD"))
