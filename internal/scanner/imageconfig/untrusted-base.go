package imageconfig

import (
	"fmt"
	"strconv"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID:          "image/untrusted-base",
	Title:       "The image is built upon another one that the policy does not trust",
	Severity:    finding.High,
	Remediation: "Build upon an image that targets.trusted-bases lists, or have the policy's owners add this one",
	Controls:    []string{"cis-docker-1.6:4.2", "nist-800-190:4.1.5"},
}, look{find: untrustedBase, config: true})

// untrustedBase goes by what the image says, which can be less than the truth: what the
// Dockerfile says is for the rule about that.
func untrustedBase(img *image) []issue {
	base := img.label(labelBaseName)
	if img.opt.TrustsBase == nil || base == "" || base == "scratch" || img.opt.TrustsBase(Pinned(base, img.label(labelBaseDigest))) {
		return nil
	}
	return []issue{{
		message: fmt.Sprintf("image says that its base is %s, which is not among the trusted bases of the policy", strconv.Quote(brief(base))),
		subject: "base", instruction: img.instruction("LABEL"),
	}}
}
