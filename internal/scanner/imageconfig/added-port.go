package imageconfig

import (
	"fmt"
	"maps"
	"slices"

	"github.com/boltseal/boltseal/internal/adminport"
	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID:          "image/added-port",
	Title:       "The image exposes a port that the older image does not",
	Severity:    finding.Low,
	Remediation: "Make sure that what listens there is meant to be reached; or approve the image anew",
	Controls:    []string{"nist-800-190:4.1.2"},
}, look{find: addedPorts, config: true, older: true})

// addedPorts leaves out those for administration, which have a rule of their own.
func addedPorts(img *image) []issue {
	var issues []issue
	for _, p := range slices.Sorted(maps.Keys(img.Config.Config.ExposedPorts)) {
		if _, was := img.older.config.Config.ExposedPorts[p]; was || len(adminport.In(p)) > 0 {
			continue
		}
		issues = append(issues, issue{
			message: fmt.Sprintf("image exposes port %s, and the older one does not", brief(p)),
			subject: brief(p), instruction: img.instruction("EXPOSE"),
		})
	}
	return issues
}
