package inventory

import (
	"errors"
	"fmt"
	"strings"

	packageurl "github.com/package-url/packageurl-go"
)

// PURLTypeError says that a package URL is of a type for which nothing is known.
type PURLTypeError struct{ Type string }

func (e *PURLTypeError) Error() string {
	return fmt.Sprintf("packages of type %q are of no known ecosystem", e.Type)
}

// maxPURL is more bytes than any package URL has.
const maxPURL = 4096

// FromPURL gives the package that a package URL names. Of a distribution's package
// the qualifiers distro and upstream tell the release and the source; where the first
// is missing, other counts, if it is the same distribution.
func FromPURL(text string, other Distro) (Package, error) {
	if len(text) > maxPURL {
		return Package{}, fmt.Errorf("package URL of %d bytes", len(text))
	}
	u, err := parsePURL(text)
	if err != nil {
		return Package{}, fmt.Errorf("reading package URL: %w", err)
	}
	p := Package{Name: u.Name, Version: u.Version, PURL: text}
	if kind := OSKind(u.Type); kind.Known() {
		p.fromOS(kind, &u, other)
		return p, nil
	}
	p.Ecosystem = ecosystemOf(u.Type)
	if p.Ecosystem == "" {
		return Package{}, &PURLTypeError{u.Type}
	}
	separator := "/"
	switch u.Type {
	case "maven":
		separator = ":"
	case "golang":
		p.Version = strings.TrimPrefix(p.Version, "v")
	}
	if u.Namespace != "" {
		p.Name = u.Namespace + separator + p.Name
	}
	return p, nil
}

// parsePURL keeps the case of Go's modules, which the library lowers: advisories
// write it.
func parsePURL(text string) (packageurl.PackageURL, error) {
	kind, rest, found := strings.Cut(strings.TrimSpace(text), "/")
	golang := found && strings.EqualFold(kind, "pkg:golang")
	if golang {
		text = "pkg:generic/" + rest
	}
	u, err := packageurl.FromString(strings.TrimSpace(text))
	if golang {
		u.Type = "golang"
	}
	if err == nil && strings.TrimSpace(u.Name) == "" {
		err = errors.New("no name")
	}
	return u, err
}

func ecosystemOf(kind string) string {
	for _, types := range []map[string]string{purlTypes, unadvised} {
		for ecosystem, k := range types {
			if k == kind {
				return ecosystem
			}
		}
	}
	return ""
}

// fromOS reads what only distributions have.
func (p *Package) fromOS(kind OSKind, u *packageurl.PackageURL, other Distro) {
	q := u.Qualifiers.Map()
	namespace := u.Namespace
	if kind == Portage { // a category
		namespace, p.Name = "gentoo", strings.TrimPrefix(u.Namespace+"/"+p.Name, "/")
	}
	p.Ecosystem = distroOf(namespace, q["distro"], other).Ecosystem()
	p.Version = withEpoch(q["epoch"], p.Version)
	if s := upstream(kind, q["epoch"], q["upstream"]); s.Name != "" && s != (Source{p.Name, p.Version}) {
		p.Source = &s
	}
}

func withEpoch(epoch, version string) string {
	if epoch == "" || epoch == "0" || version == "" || strings.Contains(version, ":") {
		return version
	}
	return epoch + ":" + version
}

// upstream reads "name", "name@version" and the name of a source rpm.
func upstream(kind OSKind, epoch, text string) Source {
	if kind == RPM {
		return SourceRPM(text, epoch)
	}
	name, version, _ := strings.Cut(text, "@")
	return Source{Name: name, Version: version}
}

// SourceRPM reads the name of a source rpm, "openssl-3.0.7-24.el9.src.rpm"; the zero
// Source for what is none. The source has the epoch of its packages.
func SourceRPM(file, epoch string) Source {
	text, ok := strings.CutSuffix(file, ".src.rpm")
	release := strings.LastIndexByte(text, '-')
	if !ok || release <= 0 {
		return Source{}
	}
	version := strings.LastIndexByte(text[:release], '-')
	if version <= 0 {
		return Source{}
	}
	return Source{Name: text[:version], Version: withEpoch(epoch, text[version+1:])}
}

// distroIDs are names under which tools know distributions, beside the id that
// os-release has.
var distroIDs = map[string]string{
	"redhat": "rhel", "amazon": "amzn", "amazonlinux": "amzn", "oracle": "ol", "oraclelinux": "ol", "rockylinux": "rocky",
	"alma": "almalinux", "openeuler": "openEuler", "opensuse.leap": "opensuse-leap", "opensuse.tumbleweed": "opensuse-tumbleweed",
	"cbl-mariner": "mariner",
}

// DistroID is the id of a distribution by any name that is known of it.
func DistroID(name string) string {
	name = strings.ToLower(name)
	if id, ok := distroIDs[name]; ok {
		return id
	}
	return name
}

// distroOf finds the distribution that a package is of. The qualifier is written as
// "debian-12", "3.19.1", "bookworm" or "opensuse-tumbleweed".
func distroOf(namespace, qualifier string, other Distro) Distro {
	id := DistroID(namespace)
	if qualifier == "" {
		if id == "" || id == other.ID {
			return other
		}
		return Distro{ID: id}
	}
	d := Distro{ID: id}
	release := qualifier
	if i := strings.LastIndexByte(qualifier, '-'); i > 0 {
		d.ID, release = DistroID(qualifier[:i]), qualifier[i+1:]
	}
	switch whole := DistroID(qualifier); {
	case release != "" && release[0] >= '0' && release[0] <= '9':
		d.VersionID = release
	case Distro{ID: whole}.PackageKind() != "": // one without releases
		d.ID = whole
	default:
		d.Codename = release
	}
	if d.ID == "" {
		d.ID = other.ID
	}
	return d
}
