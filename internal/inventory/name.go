package inventory

import "strings"

// released are the ecosystems that publish advisories for each release of a
// distribution: "Debian:12". For all others what follows the colon names a
// registry ("Packagist:https://packages.drupal.org/8") and tells no versions apart.
var released = map[string]bool{
	"Debian": true, "Ubuntu": true, "Alpine": true, "AlmaLinux": true, "Rocky Linux": true,
	"Red Hat": true, "SUSE": true, "openSUSE": true, "Mageia": true, "openEuler": true,
	"Alpaquita": true, "BellSoft Hardened Containers": true, "Photon OS": true, "Azure Linux": true,
	"Fedora": true, "Oracle Linux": true, "Amazon Linux": true, "CentOS": true,
}

// bySource are the ecosystems whose advisories name source packages only.
var bySource = map[string]bool{
	"Debian": true, "Ubuntu": true, "Alpine": true, "Wolfi": true, "Chainguard": true,
	"Alpaquita": true, "BellSoft Hardened Containers": true, "MinimOS": true,
}

// byBoth are the ecosystems whose advisories name binary or source packages.
var byBoth = map[string]bool{
	"AlmaLinux": true, "Rocky Linux": true, "Red Hat": true, "SUSE": true, "openSUSE": true,
	"Mageia": true, "openEuler": true, "Azure Linux": true, "Photon OS": true,
	"Fedora": true, "Oracle Linux": true, "Amazon Linux": true, "CentOS": true,
}

// HasReleases says whether the advisories of a family belong to a release of it.
func HasReleases(family string) bool { return released[family] }

// Release is an ecosystem without its family: "12" for "Debian:12". Ubuntu's
// "22.04:LTS" is "22.04", so that both spellings are one.
func Release(ecosystem string) string {
	_, release, _ := strings.Cut(ecosystem, ":")
	return strings.TrimSuffix(release, ":LTS")
}

// NormalName gives the form of a name in which its ecosystem takes two spellings
// for one package.
func NormalName(family, name string) string {
	switch family {
	case "PyPI":
		return normalPyPI(name)
	case "NuGet", "Packagist", "Hex", "Pub":
		return strings.ToLower(name)
	}
	return name
}

// normalPyPI lowers a name and folds runs of "-", "_" and "." to one "-".
// See https://packaging.python.org/en/latest/specifications/name-normalization/.
func normalPyPI(name string) string {
	var b strings.Builder
	b.Grow(len(name))
	dash := false
	for i := range len(name) {
		c := name[i]
		switch {
		case c == '-' || c == '_' || c == '.':
			dash = true
			continue
		case c >= 'A' && c <= 'Z':
			c += 'a' - 'A'
		}
		if dash {
			b.WriteByte('-')
			dash = false
		}
		b.WriteByte(c)
	}
	if dash {
		b.WriteByte('-')
	}
	return b.String()
}

// Named is a name and a version under which advisories may know a package.
type Named struct {
	Name, Version string
}

// Lookups are the names under which a database is asked for p: the source package
// with the source's version where the distribution publishes advisories for
// sources, the binary package's too where it may name either, else p itself.
func (p *Package) Lookups() []Named {
	own := Named{p.Name, p.Version}
	if p.Source == nil || p.Source.Name == "" {
		return []Named{own}
	}
	source := Named{p.Source.Name, p.Source.Version}
	if source.Version == "" {
		source.Version = p.Version
	}
	family := Family(p.Ecosystem)
	switch {
	case bySource[family]:
		return []Named{source}
	case byBoth[family] && source != own:
		return []Named{own, source}
	}
	return []Named{own}
}
