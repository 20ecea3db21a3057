package inventory

import (
	"strings"

	packageurl "github.com/package-url/packageurl-go"
)

// SourcedPURL is the package URL with the source package that a distribution built it
// from, as FromPURL reads it back (qualifier upstream): whoever matches a list of
// software needs it, as distributions publish advisories for sources. It is the
// package URL itself where there is nothing to add.
func (p *Package) SourcedPURL() string {
	if p.Source == nil || p.Source.Name == "" {
		return p.PURL
	}
	u, err := packageurl.FromString(p.PURL)
	if err != nil || u.Qualifiers.Map()["upstream"] != "" {
		return p.PURL
	}
	text := p.Source.Name
	switch OSKind(u.Type) {
	case Deb, APK, Pacman:
		if p.Source.Version != "" {
			text += "@" + p.Source.Version
		}
	case RPM:
		version := p.Source.Version
		if _, rest, ok := strings.Cut(version, ":"); ok {
			version = rest // the epoch is its package's
		}
		if version == "" {
			return p.PURL
		}
		text += "-" + version + ".src.rpm"
	default:
		return p.PURL
	}
	u.Qualifiers = append(u.Qualifiers, packageurl.Qualifier{Key: "upstream", Value: text})
	return u.ToString()
}
