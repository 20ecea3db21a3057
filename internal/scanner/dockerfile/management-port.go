package dockerfile

import (
	"strconv"
	"strings"

	"github.com/boltseal/boltseal/internal/adminport"
	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "dockerfile/management-port", Severity: finding.Medium,
	Title:       "Port for remote administration is exposed",
	Remediation: "Remove the EXPOSE and what listens there; administer through the orchestrator (docker exec, kubectl exec)",
	Controls:    []string{"nist-800-190:4.1.2"},
}, onBuilding(func(r *report, i *instruction) {
	for n, w := range i.words {
		text := unquote(w.text)
		text = text[strings.LastIndexByte(text, ':')+1:] // of "8022:22" the last is the container's
		for _, p := range adminport.In(text) {
			r.at(i, i.wordSpan(n), "EXPOSE "+strconv.Itoa(p.Number), "port %d is exposed: %s", p.Number, p.Name)
		}
	}
}, "EXPOSE"))
