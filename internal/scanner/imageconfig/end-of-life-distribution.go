package imageconfig

import (
	"fmt"
	"time"

	"github.com/boltseal/boltseal/internal/eol"
	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID:          "image/end-of-life-distribution",
	Title:       "The image's distribution gets no security updates any more",
	Severity:    finding.Medium,
	Remediation: "Build from a release that is still maintained",
	Controls:    []string{"cis-docker-1.6:4.4", "nist-800-190:4.1.1"},
}, look{find: endOfLifeDistribution})

func endOfLifeDistribution(img *image) []issue {
	if img.release == nil || img.opt.Now.IsZero() {
		return nil
	}
	over := eol.Distribution(img.distro)
	if over.Date == "" || over.Date >= img.opt.Now.UTC().Format(time.DateOnly) {
		return nil
	}
	return []issue{{
		message: fmt.Sprintf("%s %s has had no security updates since %s", over.Product, over.Version, over.Date),
		subject: "distribution", path: img.release.path, at: img.release,
	}}
}
