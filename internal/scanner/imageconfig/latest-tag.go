package imageconfig

import (
	"strconv"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID:          "image/latest-tag",
	Title:       "The image is called latest",
	Severity:    finding.Info,
	Remediation: "Tag images by version or commit, and deploy them by digest",
	Controls:    []string{"nist-800-190:4.2.2"},
}, look{find: latestTag, config: true})

// latestTag leaves out what is named after its file, which has no tag.
func latestTag(img *image) []issue {
	ref := img.Reference
	if ref == "" || ref == img.Name && host(ref) == "" {
		return nil
	}
	if name, ok := tag(ref); !ok || name != "latest" {
		return nil
	}
	return []issue{{message: "image " + strconv.Quote(brief(ref)) + " is called latest: nothing tells it from the one before", subject: "tag"}}
}
