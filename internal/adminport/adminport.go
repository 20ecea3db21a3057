// Package adminport knows the ports by which machines, not services, are reached.
package adminport

import (
	"strconv"
	"strings"
)

// Port is a port with the name of what listens there.
type Port struct {
	Number int
	Name   string
}

// all use TCP.
var all = []Port{
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

// In gives those among the ports that an image exposes: "22", "22/tcp" or
// "20-25/tcp", as EXPOSE and the image configuration write them. What is neither
// holds none.
func In(exposed string) []Port {
	ports, protocol, _ := strings.Cut(exposed, "/")
	if protocol != "" && !strings.EqualFold(protocol, "tcp") {
		return nil
	}
	from, to, isRange := strings.Cut(ports, "-")
	if !isRange {
		to = from
	}
	first, errFirst := strconv.Atoi(from)
	last, errLast := strconv.Atoi(to)
	if errFirst != nil || errLast != nil {
		return nil
	}
	var found []Port
	for _, p := range all {
		if first <= p.Number && p.Number <= last {
			found = append(found, p)
		}
	}
	return found
}
