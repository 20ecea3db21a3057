package imageconfig

import (
	"strings"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID:          "image/no-source-labels",
	Title:       "The image does not say from which sources it was built",
	Severity:    finding.Info,
	Remediation: "Set the labels org.opencontainers.image.source and org.opencontainers.image.revision when building (docker build --label)",
}, look{find: noSourceLabels, config: true})

func noSourceLabels(img *image) []issue {
	var missing []string
	if img.label(labelSource, oldSource) == "" {
		missing = append(missing, labelSource)
	}
	if img.label(labelRevision, oldRevision) == "" {
		missing = append(missing, labelRevision)
	}
	if len(missing) == 0 {
		return nil
	}
	return []issue{{message: "image has no label " + strings.Join(missing, " and no label "), subject: "labels"}}
}
