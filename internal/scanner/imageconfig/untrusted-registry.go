package imageconfig

import (
	"cmp"
	"fmt"
	"strconv"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/imagename"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID:          "image/untrusted-registry",
	Title:       "The image or its base is from a registry that is not trusted",
	Severity:    finding.Medium,
	Remediation: "Use an image of a trusted registry, or mirror it there",
	Controls:    []string{"cis-docker-1.6:4.2", "nist-800-190:4.1.5"},
}, look{find: untrustedRegistries, config: true})

// untrustedRegistries looks at the name of the image where that names a registry: an
// archive's "app:1" was built here. A base without one is Docker Hub's.
func untrustedRegistries(img *image) []issue {
	if len(img.opt.TrustedRegistries) == 0 {
		return nil
	}
	var issues []issue
	if own := host(img.Reference); own != "" && !img.opt.trusts(own) {
		issues = append(issues, issue{message: fmt.Sprintf("image is from %s, which is not a trusted registry", own), subject: own})
	}
	if base := img.label(labelBaseName); base != "" {
		if from := cmp.Or(host(base), imagename.DockerHub); !img.opt.trusts(from) {
			issues = append(issues, issue{
				message: fmt.Sprintf("image says that its base is %s, from %s, which is not a trusted registry", strconv.Quote(brief(base)), from),
				subject: "base " + from, instruction: img.instruction("LABEL"),
			})
		}
	}
	return issues
}

// brief bounds a text of the image's in a message.
func brief(s string) string { return valid(s[:min(len(s), maxName)]) }
