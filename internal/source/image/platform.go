package image

import (
	"fmt"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// parsePlatform reads "os/architecture[/variant]"; nil for the empty string.
func parsePlatform(s string) (*v1.Platform, error) {
	if s == "" {
		return nil, nil
	}
	p, err := v1.ParsePlatform(s)
	if err != nil || p.OS == "" || p.Architecture == "" {
		return nil, fmt.Errorf("platform %q: want os/architecture[/variant], such as linux/amd64 or linux/arm/v7", s)
	}
	return p, nil
}

// platformOf gives what the configuration says, else what the index says.
func platformOf(config *v1.ConfigFile, listed *v1.Platform) *v1.Platform {
	if config.OS != "" && config.Architecture != "" {
		return config.Platform()
	}
	return listed
}

// platformName is "os/architecture[/variant]"; empty for nil.
func platformName(p *v1.Platform) string {
	if p == nil {
		return ""
	}
	return v1.Platform{OS: p.OS, Architecture: p.Architecture, Variant: p.Variant}.String()
}

// wanted says whether the platform is among those asked for; others are noted.
func (c *catalogue) wanted(p *v1.Platform) bool {
	if c.want == nil {
		return true
	}
	if p != nil && full(*p).Satisfies(spec(*c.want)) {
		return true
	}
	if name := platformName(p); name != "" {
		c.others = append(c.others, name)
	}
	return false
}

// full fills in the variant that is meant where none is named.
// https://github.com/containerd/platforms, Normalize
func full(p v1.Platform) v1.Platform {
	switch {
	case p.Architecture == "arm64" && p.Variant == "":
		p.Variant = "v8"
	case p.Architecture == "arm" && p.Variant == "":
		p.Variant = "v7"
	}
	return p
}

// spec takes other names of an architecture for what they mean.
func spec(p v1.Platform) v1.Platform {
	switch p.Architecture {
	case "x86_64":
		p.Architecture = "amd64"
	case "aarch64":
		p.Architecture = "arm64"
	}
	return p
}

// hasPlatform says whether an index tells the platform of what it lists. For
// attestations it says "unknown/unknown", and it can say so of images: then their
// own configuration tells.
func hasPlatform(p *v1.Platform) bool {
	return p != nil && (p.OS != "unknown" || p.Architecture != "unknown")
}
