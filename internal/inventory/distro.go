package inventory

import (
	"strconv"
	"strings"
)

// Distro is what a distribution says of itself in os-release
// (https://www.freedesktop.org/software/systemd/man/latest/os-release.html).
// The zero value is an unknown distribution.
type Distro struct {
	ID, VersionID, Codename, Version, Pretty string
}

// maxOSRelease bounds a line and the number of lines that are looked at.
const maxOSRelease = 1000

// ParseOSRelease reads an os-release file. What it does not know it skips: shells
// take the file for a script, and so no line is an error.
func ParseOSRelease(data []byte) Distro {
	var d Distro
	fields := map[string]*string{
		"ID": &d.ID, "VERSION_ID": &d.VersionID, "VERSION_CODENAME": &d.Codename,
		"VERSION": &d.Version, "PRETTY_NAME": &d.Pretty,
	}
	lines := 0
	for line := range strings.Lines(string(data)) {
		if lines++; lines > maxOSRelease {
			break
		}
		key, value, ok := strings.Cut(strings.TrimSpace(line), "=")
		if field := fields[key]; ok && field != nil && len(value) <= maxOSRelease {
			*field = unquote(value)
		}
	}
	return d
}

// unquote takes the quotes and backslashes of a shell word away.
func unquote(s string) string {
	s = strings.TrimSpace(s)
	if len(s) >= 2 && (s[0] == '"' || s[0] == '\'') && s[len(s)-1] == s[0] {
		s = s[1 : len(s)-1]
	}
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) {
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// debianReleases are the codenames of releases that had no VERSION_ID before they
// were published (https://www.debian.org/releases/).
var debianReleases = map[string]string{
	"buster": "10", "bullseye": "11", "bookworm": "12", "trixie": "13", "forky": "14", "duke": "15",
}

// Ecosystem is the OSV ecosystem of the distribution's own packages, without a
// release where it names none. A distribution that has none keeps its own id, so
// that messages can name it; "" is for one that nothing is known of.
// See https://ossf.github.io/osv-schema/#defined-ecosystems.
func (d Distro) Ecosystem() string {
	major, _, _ := strings.Cut(d.VersionID, ".")
	switch d.ID {
	case "debian":
		if major == "" {
			major = debianReleases[d.Codename]
		}
		return named("Debian", major)
	case "ubuntu":
		return d.ubuntu()
	case "alpine":
		return named("Alpine", d.alpine())
	case "wolfi":
		return "Wolfi"
	case "chainguard":
		return "Chainguard"
	case "minimos":
		return "MinimOS"
	case "almalinux":
		return named("AlmaLinux", major)
	case "rocky":
		return named("Rocky Linux", major)
	case "rhel":
		return named("Red Hat", prefixed("enterprise_linux:", major))
	case "sles", "sled", "sle_hpc":
		return named("SUSE", strings.TrimPrefix(d.Pretty, "SUSE "))
	case "opensuse-leap":
		return named("openSUSE", prefixed("Leap ", d.VersionID))
	case "opensuse-tumbleweed":
		return "openSUSE:Tumbleweed"
	case "mageia":
		return named("Mageia", major)
	case "openEuler":
		return named("openEuler", d.openEuler())
	case "azurelinux", "mariner":
		return named("Azure Linux", major)
	case "photon":
		return named("Photon OS", d.VersionID)
	case "fedora":
		return named("Fedora", d.VersionID)
	case "ol":
		return named("Oracle Linux", major)
	case "amzn":
		return named("Amazon Linux", d.VersionID)
	case "centos":
		return named("CentOS", major)
	case "":
		return ""
	}
	return named(d.ID, d.VersionID)
}

func named(family, release string) string {
	if release == "" {
		return family
	}
	return family + ":" + release
}

func prefixed(prefix, s string) string {
	if s == "" {
		return ""
	}
	return prefix + s
}

// ubuntu adds ":LTS" to the April releases of even years, as OSV does.
func (d Distro) ubuntu() string {
	if d.VersionID == "" {
		return "Ubuntu"
	}
	year, month, _ := strings.Cut(d.VersionID, ".")
	n, err := strconv.Atoi(year)
	if err == nil && n%2 == 0 && month == "04" {
		return "Ubuntu:" + d.VersionID + ":LTS"
	}
	return "Ubuntu:" + d.VersionID
}

// alpine turns "3.19.1" into "v3.19"; what is not released yet is "edge".
func (d Distro) alpine() string {
	if strings.Contains(d.VersionID, "_alpha") || strings.Contains(d.Pretty, "edge") {
		return "edge"
	}
	parts := strings.SplitN(d.VersionID, ".", 3)
	if len(parts) < 2 {
		return ""
	}
	return "v" + parts[0] + "." + parts[1]
}

// openEuler turns "24.03 (LTS-SP1)" into "24.03-LTS-SP1".
func (d Distro) openEuler() string {
	version, rest, found := strings.Cut(d.Version, " (")
	if !found {
		return d.VersionID
	}
	return version + "-" + strings.ReplaceAll(strings.TrimSuffix(rest, ")"), " ", "-")
}

// PackageKind is the format of the packages that the distribution is made of; ""
// where it is not known, and for what has no package database.
func (d Distro) PackageKind() OSKind {
	switch d.ID {
	case "debian", "ubuntu", "raspbian", "devuan", "kali", "linuxmint", "pop":
		return Deb
	case "alpine", "wolfi", "chainguard", "minimos", "postmarketos":
		return APK
	case "rhel", "centos", "fedora", "rocky", "almalinux", "ol", "amzn", "sles", "sled", "sle_hpc",
		"azurelinux", "mariner", "photon", "mageia", "openEuler":
		return RPM
	case "arch", "archarm", "manjaro", "endeavouros", "cachyos":
		return Pacman
	case "gentoo":
		return Portage
	}
	if strings.HasPrefix(d.ID, "opensuse") {
		return RPM
	}
	return ""
}

// String is a short name for messages: "Debian 12", "Red Hat 9.3".
func (d Distro) String() string {
	return strings.TrimSpace(Family(d.Ecosystem()) + " " + d.VersionID)
}
