package imageconfig

import (
	"io/fs"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
	"github.com/boltseal/boltseal/internal/scan"
)

var _ = declare(rule.Meta{
	ID:          "image/sudo",
	Title:       "A program to become root is installed in the image",
	Severity:    finding.Medium,
	Remediation: "Do what needs root while the image is built, and end the Dockerfile with USER; to start as root and step down, use setpriv or gosu",
	Controls:    []string{"cis-docker-1.6:4.3", "cis-docker-1.6:4.8"},
}, look{file: isSudo, find: sudoPrograms})

var sudoPaths = map[string]bool{
	"usr/bin/sudo": true, "bin/sudo": true, "usr/local/bin/sudo": true,
	"usr/bin/doas": true, "bin/doas": true, "usr/local/bin/doas": true, "usr/bin/pkexec": true,
}

// isSudo leaves out those without the bit: they can make nobody root.
func isSudo(e *scan.Entry) bool {
	return (e.Kind == scan.File || e.Kind == scan.Hardlink) && e.Mode&fs.ModeSetuid != 0 && e.Mode&0o111 != 0 && sudoPaths[e.Path]
}

func sudoPrograms(img *image) []issue {
	var issues []issue
	for _, f := range img.files {
		issues = append(issues, issue{message: "image holds a program to become root, " + shown(f.path), path: f.path, at: &f})
	}
	return issues
}
