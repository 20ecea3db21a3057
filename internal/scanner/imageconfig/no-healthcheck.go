package imageconfig

import (
	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID:          "image/no-healthcheck",
	Title:       "The image has no HEALTHCHECK",
	Severity:    finding.Low,
	Remediation: "Add a HEALTHCHECK that asks the service itself, or accept it where the orchestrator probes the container",
	Controls:    []string{"cis-docker-1.6:4.6"},
}, look{find: noHealthcheck, config: true})

func noHealthcheck(img *image) []issue {
	check := img.Config.Config.Healthcheck
	i := issue{subject: "healthcheck", instruction: img.instruction("HEALTHCHECK")}
	switch {
	case check == nil || len(check.Test) == 0:
		i.message = "image has no HEALTHCHECK: a hanging service looks healthy"
	case check.Test[0] == "NONE":
		i.message = "image switches its HEALTHCHECK off: a hanging service looks healthy"
	default:
		return nil
	}
	return []issue{i}
}
