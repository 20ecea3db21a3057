package inventory

import (
	"maps"
	"slices"
	"strings"

	packageurl "github.com/package-url/packageurl-go"
)

// purlTypes are the purl types of OSV's language ecosystems.
// See https://github.com/package-url/purl-spec/blob/main/PURL-TYPES.rst.
var purlTypes = map[string]string{
	"npm": "npm", "PyPI": "pypi", "Go": "golang", "Maven": "maven", "crates.io": "cargo",
	"RubyGems": "gem", "NuGet": "nuget", "Packagist": "composer", "Hex": "hex", "Pub": "pub",
	"Hackage": "hackage", "CRAN": "cran", "SwiftURL": "swift", "ConanCenter": "conan",
	"Julia": "julia", "opam": "opam",
}

// unadvised are the purl types of kinds of packages that OSV has no ecosystem for. Their
// names are ours, so that messages can name them.
var unadvised = map[string]string{
	"CocoaPods": "cocoapods", "conda": "conda", "CPAN": "cpan", "JSR": "jsr", "LuaRocks": "luarocks",
}

// Unadvised says whether OSV has no ecosystem for packages of the kind. A distribution
// can call itself what it likes: the package URL has the last word.
func (p *Package) Unadvised() bool {
	kind := unadvised[p.Ecosystem]
	return kind != "" && strings.HasPrefix(p.PURL, "pkg:"+kind+"/")
}

// purlType is the purl type of a language's packages; "" where there is none.
func purlType(ecosystem string) string {
	if kind := unadvised[ecosystem]; kind != "" {
		return kind
	}
	return purlTypes[Family(ecosystem)]
}

// OSKind is the format of a distribution's packages, which is their purl type too.
type OSKind string

// The package formats.
const (
	Deb     OSKind = "deb"
	APK     OSKind = "apk"
	RPM     OSKind = "rpm"
	Pacman  OSKind = "alpm"
	Portage OSKind = "ebuild"
)

// Known says whether packages of the format are read.
func (k OSKind) Known() bool {
	return k == Deb || k == APK || k == RPM || k == Pacman || k == Portage
}

// LanguagePURL is the package URL of a package of a language's ecosystem; "" where
// the ecosystem has no purl type.
func LanguagePURL(ecosystem, name, version string) string {
	return QualifiedPURL(ecosystem, name, version, nil)
}

// QualifiedPURL is one with qualifiers, which some kinds of packages ask for.
func QualifiedPURL(ecosystem, name, version string, qualifiers map[string]string) string {
	kind := purlType(ecosystem)
	if kind == "" || name == "" {
		return ""
	}
	namespace := ""
	switch kind {
	case "maven":
		if group, artifact, ok := strings.Cut(name, ":"); ok {
			namespace, name = group, artifact
		}
	case "pypi":
		name = normalPyPI(name)
	case "golang":
		if version != "" && !strings.HasPrefix(version, "v") && name != "stdlib" && name != "toolchain" {
			version = "v" + version
		}
		namespace, name = splitLast(name)
	default:
		namespace, name = splitLast(name)
	}
	var q packageurl.Qualifiers
	for _, key := range slices.Sorted(maps.Keys(qualifiers)) {
		q = append(q, packageurl.Qualifier{Key: key, Value: qualifiers[key]})
	}
	return packageurl.NewPackageURL(kind, namespace, name, version, q, "").ToString()
}

// OSPURL is the package URL of a distribution's package. An rpm's epoch is a
// qualifier, not a part of the version. Gentoo's packages are named by their category,
// which takes the distribution's place.
func OSPURL(kind OSKind, d Distro, name, version, arch string) string {
	if name == "" {
		return ""
	}
	var q packageurl.Qualifiers
	if arch != "" {
		q = append(q, packageurl.Qualifier{Key: "arch", Value: arch})
	}
	if d.ID != "" && d.VersionID != "" {
		q = append(q, packageurl.Qualifier{Key: "distro", Value: d.ID + "-" + d.VersionID})
	}
	if epoch, rest, ok := strings.Cut(version, ":"); kind == RPM && ok {
		q = append(q, packageurl.Qualifier{Key: "epoch", Value: epoch})
		version = rest
	}
	namespace := strings.ToLower(d.ID)
	if kind == Portage {
		namespace, name = splitLast(name)
	}
	return packageurl.NewPackageURL(string(kind), namespace, name, version, q, "").ToString()
}

func splitLast(name string) (namespace, last string) {
	if i := strings.LastIndexByte(name, '/'); i >= 0 {
		return name[:i], name[i+1:]
	}
	return "", name
}
