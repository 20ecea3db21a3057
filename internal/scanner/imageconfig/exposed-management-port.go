package imageconfig

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/boltseal/boltseal/internal/adminport"
	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID:          "image/exposed-management-port",
	Title:       "The image exposes a port for remote administration",
	Severity:    finding.Medium,
	Remediation: "Remove the EXPOSE and what listens there; administer through the orchestrator (docker exec, kubectl exec)",
	Controls:    []string{"nist-800-190:4.1.2"},
}, look{find: exposedManagementPorts, config: true})

func exposedManagementPorts(img *image) []issue {
	exposed := make([]string, 0, len(img.Config.Config.ExposedPorts))
	for p := range img.Config.Config.ExposedPorts {
		exposed = append(exposed, p)
	}
	slices.Sort(exposed)
	var issues []issue
	for _, p := range exposed {
		for _, m := range adminport.In(p) {
			issues = append(issues, issue{
				message:     fmt.Sprintf("image exposes port %d (%s)", m.Number, m.Name),
				subject:     strconv.Itoa(m.Number),
				instruction: img.instruction("EXPOSE"),
			})
		}
	}
	return issues
}
