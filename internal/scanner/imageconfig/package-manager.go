package imageconfig

import (
	"path"
	"slices"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
	"github.com/boltseal/boltseal/internal/scan"
)

var _ = declare(rule.Meta{
	ID:          "image/package-manager",
	Title:       "The distribution's package manager is left in the image",
	Severity:    finding.Info,
	Remediation: "Build the final stage from a base without one (distroless, scratch), and copy into it what was built",
	Controls:    []string{"cis-docker-1.6:4.3"},
}, look{file: isPackageManager, find: packageManagers})

var packageManagerNames = []string{"apk", "apt", "apt-get", "dnf", "dnf5", "dpkg", "microdnf", "opkg", "pacman", "rpm", "tdnf", "yum", "zypper"}

func isPackageManager(e *scan.Entry) bool { return isCommand(e, packageManagerNames) }

// commandFolders are where distributions and people install programs.
var commandFolders = []string{"usr/bin", "bin", "usr/sbin", "sbin", "usr/local/bin", "usr/local/sbin"}

// isCommand says whether an entry is a program of one of the names.
func isCommand(e *scan.Entry, names []string) bool {
	switch e.Kind {
	case scan.File, scan.Hardlink:
	default:
		return false // a link leads to what is looked at by itself
	}
	dir, name := path.Split(e.Path)
	return e.Mode&0o111 != 0 && slices.Contains(names, name) && slices.Contains(commandFolders, path.Clean(dir))
}

// packageManagers is one finding, at the first of them.
func packageManagers(img *image) []issue {
	if len(img.files) == 0 {
		return nil
	}
	return []issue{{
		message: "image holds a package manager: " + some(img.files),
		subject: "package manager", path: img.files[0].path, at: &img.files[0],
	}}
}
