package imageconfig

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID:          "image/exposed-management-port",
	Title:       "The image exposes a port for remote administration",
	Severity:    finding.Medium,
	Remediation: "Remove the EXPOSE and what listens there; administer through the orchestrator (docker exec, kubectl exec)",
	Controls:    []string{"nist-800-190:4.1.2"},
}, look{find: exposedManagementPorts, config: true})

// managementPorts are ports by which machines, not services, are reached.
var managementPorts = []struct {
	port int
	name string
}{
	{22, "SSH"},
	{23, "Telnet"},
	{512, "rexec"},
	{513, "rlogin"},
	{514, "rsh"},
	{2375, "Docker without TLS"},
	{2376, "Docker"},
	{3389, "Remote Desktop"},
	{5900, "VNC"},
	{5985, "WinRM"},
	{5986, "WinRM"},
	{10250, "kubelet"},
}

func exposedManagementPorts(img *image) []issue {
	exposed := make([]string, 0, len(img.Config.Config.ExposedPorts))
	for p := range img.Config.Config.ExposedPorts {
		exposed = append(exposed, p)
	}
	slices.Sort(exposed)
	var issues []issue
	for _, p := range exposed {
		first, last, ok := portRange(p)
		if !ok {
			continue
		}
		for _, m := range managementPorts {
			if first <= m.port && m.port <= last {
				issues = append(issues, issue{
					message:     fmt.Sprintf("image exposes port %d (%s)", m.port, m.name),
					subject:     strconv.Itoa(m.port),
					instruction: img.instruction("EXPOSE"),
				})
			}
		}
	}
	return issues
}

// portRange reads "22", "22/tcp" or "20-25/tcp". The named services use TCP.
func portRange(s string) (first, last int, ok bool) {
	ports, protocol, _ := strings.Cut(s, "/")
	if protocol != "" && !strings.EqualFold(protocol, "tcp") {
		return 0, 0, false
	}
	from, to, isRange := strings.Cut(ports, "-")
	first, err := strconv.Atoi(from)
	if err != nil {
		return 0, 0, false
	}
	if !isRange {
		return first, first, true
	}
	last, err = strconv.Atoi(to)
	return first, last, err == nil
}
