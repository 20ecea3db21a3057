package dockerfile

import (
	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "DL3061", Severity: finding.High,
	Title:       "Instruction before the first FROM",
	Remediation: "Start with FROM; only ARG may stand before it",
}, onFile(func(r *report, f *file) {
	for _, i := range f.preamble {
		if !i.broken && i.keyword != "ARG" {
			r.instruction(i, "%s stands before the first FROM", name(i))
		}
	}
}))
