package dockerfile

import (
	"strings"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "dockerfile/expose-protocol-casing", Severity: finding.Info,
	Title:       "Protocol of a port is not in lower case",
	Remediation: "Write tcp, udp or sctp",
}, onBuilding(func(r *report, i *instruction) {
	for n, w := range i.words {
		_, protocol, found := strings.Cut(unquote(w.text), "/")
		if found && protocol != strings.ToLower(protocol) && !strings.Contains(protocol, "$") {
			r.part(i, i.wordSpan(n), "protocol %s is not in lower case", quote(protocol))
		}
	}
}, "EXPOSE"))
