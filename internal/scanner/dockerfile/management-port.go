package dockerfile

import (
	"strconv"
	"strings"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "dockerfile/management-port", Severity: finding.Medium,
	Title:       "Port for remote administration is exposed",
	Remediation: "Remove the EXPOSE and what listens there; administer through the orchestrator (docker exec, kubectl exec)",
	Controls:    []string{"nist-800-190:4.1.2"},
}, onBuilding(func(r *report, i *instruction) {
	for n, w := range i.words {
		first, last, ok := exposed(unquote(w.text))
		for _, m := range managementPorts {
			if ok && first <= m.port && m.port <= last {
				r.at(i, i.wordSpan(n), "EXPOSE "+strconv.Itoa(m.port), "port %d is exposed: %s", m.port, m.name)
			}
		}
	}
}, "EXPOSE"))

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

// exposed reads "22", "22/tcp", "20-25/tcp" and "8022:22", of which the last is the
// container's. The named services use TCP.
func exposed(text string) (first, last int, ok bool) {
	ports, protocol, _ := strings.Cut(text, "/")
	if protocol != "" && !strings.EqualFold(protocol, "tcp") {
		return 0, 0, false
	}
	ports = ports[strings.LastIndexByte(ports, ':')+1:]
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
