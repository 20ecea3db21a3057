package dockerfile

import (
	"path"
	"slices"
	"strings"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "dockerfile/workdir-system-directory", Severity: finding.Medium,
	Title:       "Directory of the system is worked in or mounted over",
	Remediation: "Use a directory of the application's own, such as /app",
	Controls:    []string{"nist-800-190:4.1.2"},
}, onBuilding(func(r *report, i *instruction) {
	switch i.keyword {
	case "WORKDIR":
		if dir := unquote(i.words[0].text); systemDirectory(dir) {
			r.part(i, i.wordSpan(0), "WORKDIR %s is a directory of the system", quote(dir))
		}
	case "VOLUME":
		for n, w := range i.words {
			if dir := unquote(w.text); systemDirectory(dir) {
				r.part(i, i.wordSpan(n), "VOLUME %s lies over a directory of the system", quote(dir))
			}
		}
	}
}, "WORKDIR", "VOLUME"))

// systemDirectory says whether a path is the kernel's, or a directory that holds
// the system itself. What lies below the latter may be an application's.
func systemDirectory(dir string) bool {
	if !strings.HasPrefix(dir, "/") {
		return false
	}
	dir = path.Clean(dir)
	for _, kernel := range []string{"/proc", "/sys", "/dev"} {
		if within(dir, kernel) && !within(dir, "/dev/shm") {
			return true
		}
	}
	return slices.Contains([]string{
		"/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/usr", "/usr/bin", "/usr/sbin", "/usr/lib", "/usr/lib64", "/etc", "/boot",
	}, dir)
}
