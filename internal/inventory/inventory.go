// Package inventory names software: packages, the ecosystems they come from
// and the purls that identify them. It holds data and the rules of naming,
// never where a package was read from or what is wrong with it.
package inventory

import "strings"

// Package is one installed or locked piece of software.
// The zero value names nothing and matches no advisory.
type Package struct {
	// Target is the target in which it was found, as the run file names it.
	Target string `json:"target,omitempty"`
	// Ecosystem is the OSV ecosystem with its release where there is one:
	// "npm", "Debian:12", "Alpine:v3.19".
	// See https://ossf.github.io/osv-schema/#defined-ecosystems.
	Ecosystem string `json:"ecosystem"`
	// Name is the name by which its ecosystem knows it: "@scope/name" for npm,
	// "group:artifact" for Maven, the module path for Go, the binary package's
	// name for a distribution.
	Name string `json:"name"`
	// Version is the installed version, as the ecosystem writes it.
	Version string `json:"version,omitempty"`
	// Source is the source package that a distribution built it from; nil when
	// it is the package itself. Distributions publish advisories for sources.
	Source *Source `json:"source,omitempty"`
	// PURL is the package URL (https://github.com/package-url/purl-spec).
	PURL string `json:"purl,omitempty"`
	// Paths are the files that prove it: a lockfile, a package database, a
	// binary. Sorted; relative to the repository root or the image root.
	Paths []string `json:"paths,omitempty"`
	// Layer is the digest of the image layer that brought it; empty outside
	// images.
	Layer string `json:"layer,omitempty"`
	// Origin is "base" for what came with the base image, "ours" for what was
	// added to it, empty where that is unknown.
	Origin string `json:"origin,omitempty"`
	// Licenses are SPDX expressions or the ecosystem's own words.
	Licenses []string `json:"licenses,omitempty"`
	// Requires are the packages of its ecosystem that it asks for, where the file that
	// lists it says so. Sorted.
	Requires []Requirement `json:"requires,omitempty"`
}

// Requirement names a package that is in the same file.
type Requirement struct {
	Name    string `json:"name"`
	Version string `json:"version,omitempty"`
}

// Source is a source package's name and version.
type Source struct {
	Name    string `json:"name"`
	Version string `json:"version,omitempty"`
}

// Family is an ecosystem without its release: "Debian" for "Debian:12".
func Family(ecosystem string) string {
	family, _, _ := strings.Cut(ecosystem, ":")
	return family
}
