package vulndb

import "slices"

// Ecosystems are the families that OSV publishes, sorted. Nothing else is asked for:
// an image can call its distribution what it likes.
// https://ossf.github.io/osv-schema/#defined-ecosystems
func Ecosystems() []string {
	return []string{
		"AlmaLinux", "Alpaquita", "Alpine", "Android", "Azure Linux", "BellSoft Hardened Containers", "Bioconductor",
		"Bitnami", "CRAN", "Chainguard", "CleanStart", "ConanCenter", "Debian", "Docker Hardened Images", "Echo",
		"FreeBSD", "GHC", "GitHub Actions", "Go", "Hackage", "Hex", "Julia", "Kubernetes", "Linux", "Mageia", "Maven",
		"MinimOS", "NuGet", "OSS-Fuzz", "Packagist", "Photon OS", "Pub", "PyPI", "Red Hat", "Rocky Linux", "Root",
		"RubyGems", "SUSE", "SwiftURL", "TuxCare", "Ubuntu", "VSCode", "Wolfi", "crates.io", "npm", "opam",
		"openEuler", "openSUSE",
	}
}

// IsEcosystem says whether OSV publishes a family.
func IsEcosystem(family string) bool { return slices.Contains(Ecosystems(), family) }
