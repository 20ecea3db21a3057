package inventory

import (
	"slices"
	"strings"
)

// What is kept of licences: what is longer than a name is a text, which nobody reads.
const (
	maxLicence = 200 // bytes
	// MaxLicences is how many licences of one package are kept.
	MaxLicences = 20
)

// AddLicences adds names and expressions to those of a package: each but once, and what
// says nothing or is no name not at all.
func AddLicences(kept []string, names ...string) []string {
	for _, name := range names {
		name = strings.TrimSpace(name)
		if name == "" || len(name) > maxLicence || strings.ContainsAny(name, "\r\n") || slices.Contains(kept, name) || len(kept) >= MaxLicences {
			continue
		}
		kept = append(kept, name)
	}
	return kept
}
