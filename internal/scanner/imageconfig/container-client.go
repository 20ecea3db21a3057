package imageconfig

import (
	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
	"github.com/boltseal/boltseal/internal/scan"
)

var _ = declare(rule.Meta{
	ID:          "image/container-client",
	Title:       "A client of container platforms is installed in the image",
	Severity:    finding.Info,
	Remediation: "Remove it where the service does not control containers; where it does, give it an API of its own rights, never the host's socket",
	Controls:    []string{"cis-docker-1.6:4.3"},
}, look{file: isContainerClient, find: containerClients})

var containerClientNames = []string{"crictl", "ctr", "docker", "kubectl", "nerdctl", "oc", "podman"}

func isContainerClient(e *scan.Entry) bool { return isCommand(e, containerClientNames) }

func containerClients(img *image) []issue {
	var issues []issue
	for _, f := range img.files {
		issues = append(issues, issue{message: "image holds a client of container platforms, " + shown(f.path), path: f.path, at: &f})
	}
	return issues
}
