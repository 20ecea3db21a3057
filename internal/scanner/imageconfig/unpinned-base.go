package imageconfig

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID:          "image/unpinned-base",
	Title:       "The image names its base without a digest",
	Severity:    finding.Info,
	Remediation: "Pin the base in the Dockerfile (FROM name:tag@sha256:...), and set the label org.opencontainers.image.base.digest",
	Controls:    []string{"cis-docker-1.6:4.2"},
}, look{find: unpinnedBase, config: true})

func unpinnedBase(img *image) []issue {
	base := img.label(labelBaseName)
	if base == "" || base == "scratch" || strings.Contains(base, "@sha") || img.label(labelBaseDigest) != "" {
		return nil
	}
	return []issue{{
		message: fmt.Sprintf("image says that it is built from %s, but not from which digest", strconv.Quote(brief(base))),
		subject: "base", instruction: img.instruction("LABEL"),
	}}
}
