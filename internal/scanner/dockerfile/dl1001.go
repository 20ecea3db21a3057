package dockerfile

import (
	"strings"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "DL1001", Severity: finding.Info, Off: true,
	Title:       "Rules are ignored by an inline pragma",
	Remediation: "Mend what the rule finds, or ignore it where everybody sees it: in .hadolint.yaml or the policy",
}, onFile(func(r *report, _ *file) {
	for _, p := range r.lint.pragmas.all {
		if !p.own && p.scope == scopeNext {
			r.at(nil, p.span, p.text, "pragma ignores %s in the instruction below it", strings.Join(p.rules, ", "))
		}
	}
}))
