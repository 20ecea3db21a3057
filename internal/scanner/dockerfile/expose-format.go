package dockerfile

import (
	"strings"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "dockerfile/expose-format", Severity: finding.Low,
	Title:       "EXPOSE names an address or a port of the host",
	Remediation: "Name the container's port alone; ports of the host are chosen when the container starts",
}, onBuilding(func(r *report, i *instruction) {
	for n, w := range i.words {
		if text := unquote(w.text); !strings.Contains(text, "$") && strings.Contains(text, ":") {
			r.part(i, i.wordSpan(n), "EXPOSE %s: only the port of the container belongs here", quote(text))
		}
	}
}, "EXPOSE"))
