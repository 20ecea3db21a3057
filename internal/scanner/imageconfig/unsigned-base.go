package imageconfig

import (
	"fmt"
	"strconv"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
	"github.com/boltseal/boltseal/internal/scan"
)

const unsignedBase = "image/unsigned-base"

var _ = declare(rule.Meta{
	ID:          unsignedBase,
	Title:       "The image is built upon another one that has no signature",
	Severity:    finding.Medium,
	Remediation: "Build upon an image that its publisher signs, or sign the one that you mirror",
	Controls:    []string{"cis-docker-1.6:4.2", "nist-800-190:4.1.5"},
}, look{find: nobody, config: true})

// nobody finds what only a registry tells: see UnsignedBase.
func nobody(*image) []issue { return nil }

// UnsignedBase is the finding of image/unsigned-base: that an image is built upon one, as
// FROM names it, of which its registry has no signature.
func UnsignedBase(img *scan.Image, base string) finding.Finding {
	seen := &image{Image: img}
	for _, c := range declared {
		if c.ID == unsignedBase {
			return seen.finding(c, issue{
				message: fmt.Sprintf("image is built upon %s, of which its registry has no signature", strconv.Quote(brief(base))),
				subject: "signature of the base",
			})
		}
	}
	return finding.Finding{}
}
