package imageconfig

import "strings"

// Labels that say where an image comes from
// (https://github.com/opencontainers/image-spec/blob/main/annotations.md), and those
// of the convention before it, Label Schema. What an image was built from hands its
// labels down, so they are hints.
const (
	labelSource     = "org.opencontainers.image.source"
	labelRevision   = "org.opencontainers.image.revision"
	labelBaseName   = "org.opencontainers.image.base.name"
	labelBaseDigest = "org.opencontainers.image.base.digest"
	oldSource       = "org.label-schema.vcs-url"
	oldRevision     = "org.label-schema.vcs-ref"
)

// Pinned is the name of an image with a digest that stands elsewhere, if there is one.
func Pinned(name, digest string) string {
	if digest == "" || strings.Contains(name, "@") {
		return name
	}
	return name + "@" + digest
}

// label gives the first of the labels that is set.
func (img *image) label(names ...string) string {
	for _, n := range names {
		if value := strings.TrimSpace(img.Config.Config.Labels[n]); value != "" {
			return value
		}
	}
	return ""
}
