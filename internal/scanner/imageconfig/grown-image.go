package imageconfig

import (
	"fmt"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID:          "image/grown-image",
	Title:       "The image is much larger than the older image",
	Severity:    finding.Info,
	Remediation: "Look at which layer grew, and leave out what the service does not need at run time",
}, look{find: grownImage, config: true, older: true})

// What counts as much: both, so that neither small nor large images are told for little.
const (
	grownBytes   = 10_000_000
	grownPercent = 10
)

func grownImage(img *image) []issue {
	now, was := img.stored(), img.older.size
	if more := now - was; more < grownBytes || more < was/100*grownPercent {
		return nil
	}
	return []issue{{
		message: fmt.Sprintf("image has %s in its layers as they are stored, and the older one %s", size(now), size(was)),
		subject: "size",
	}}
}
