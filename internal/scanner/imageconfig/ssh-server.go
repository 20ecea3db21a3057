package imageconfig

import (
	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
	"github.com/boltseal/boltseal/internal/scan"
)

var _ = declare(rule.Meta{
	ID:          "image/ssh-server",
	Title:       "An SSH server is installed in the image",
	Severity:    finding.Medium,
	Remediation: "Remove the server; enter containers through the orchestrator (docker exec, kubectl exec)",
	Controls:    []string{"cis-docker-1.6:4.3", "cis-docker-1.6:5.7", "nist-800-190:4.1.2"},
}, look{file: isSSHServer, find: sshServers})

var sshServerPaths = map[string]bool{
	"usr/sbin/sshd": true, "usr/bin/sshd": true, "sbin/sshd": true, "usr/local/sbin/sshd": true,
	"usr/sbin/dropbear": true, "usr/bin/dropbear": true, "usr/local/sbin/dropbear": true,
}

func isSSHServer(e *scan.Entry) bool {
	return (e.Kind == scan.File || e.Kind == scan.Hardlink) && sshServerPaths[e.Path]
}

func sshServers(img *image) []issue {
	var issues []issue
	for _, f := range img.files {
		issues = append(issues, issue{message: "image holds an SSH server, " + shown(f.path), path: f.path, at: &f})
	}
	return issues
}
