package imageconfig

import (
	"fmt"

	"github.com/boltseal/boltseal/internal/filecap"
	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
	"github.com/boltseal/boltseal/internal/scan"
)

var _ = declare(rule.Meta{
	ID:          "image/file-capability",
	Title:       "A program gets rights of root, whoever starts it",
	Severity:    finding.Medium,
	Remediation: "Take the capabilities away in the layer that brings the file (setcap -r), or give them to the container alone",
	Controls:    []string{"cis-docker-1.6:4.8", "nist-800-190:4.1.2"},
}, look{file: isFileCapability, find: fileCapabilities})

// distributionCapabilities are what distributions give to these programs as a rule; what a
// file has beyond that is reported. Below /usr or not, in bin or sbin.
var distributionCapabilities = map[string]filecap.Bits{
	// Sends echo requests. Debian's iputils gives the first in its postinst; Red Hat's gave
	// both, until Fedora made it a program without rights in 2020.
	"bin/ping": filecap.NetRaw | filecap.NetAdmin,
	// Send packets of their own making; iputils of Debian, Fedora and openEuler.
	"bin/arping": filecap.NetRaw, "bin/clockdiff": filecap.NetRaw,
	// Debian's fping, and mtr of Debian and Fedora, do so as well.
	"bin/fping": filecap.NetRaw, "bin/mtr-packet": filecap.NetRaw,
	// Write the maps of user namespaces, within what /etc/subuid and subgid allow; Fedora's
	// shadow-utils. Elsewhere they are setuid.
	"bin/newuidmap": filecap.Setuid, "bin/newgidmap": filecap.Setgid,
	// Keeps clocks of streams alike over PTP, on a port below 1024; Debian's GStreamer.
	"lib/x86_64-linux-gnu/gstreamer1.0/gstreamer-1.0/gst-ptp-helper":  filecap.NetBindService | filecap.NetAdmin,
	"lib/aarch64-linux-gnu/gstreamer1.0/gstreamer-1.0/gst-ptp-helper": filecap.NetBindService | filecap.NetAdmin,
}

const (
	// rootAlike are those that make root of whoever has them, or reach the kernel and with
	// it the host: identities, all files, other processes, modules, memory.
	rootAlike = filecap.Chown | filecap.DACOverride | filecap.DACReadSearch | filecap.Fowner | filecap.Setgid |
		filecap.Setuid | filecap.Setfcap | filecap.SysModule | filecap.SysRawio | filecap.SysPtrace | filecap.SysAdmin |
		filecap.SysBoot | filecap.MACOverride | filecap.MACAdmin | filecap.BPF
	// harmless are those that give nothing of others away.
	harmless = filecap.NetBindService | filecap.NetBroadcast | filecap.IPCLock | filecap.SysPacct | filecap.SysNice |
		filecap.Lease | filecap.AuditWrite | filecap.WakeAlarm | filecap.BlockSuspend
)

// capabilitiesOf gives those that count: Linux looks at them when a file is started.
func capabilitiesOf(e *scan.Entry) filecap.Set {
	if e.Capabilities == nil || (e.Kind != scan.File && e.Kind != scan.Hardlink) || e.Mode&0o111 == 0 {
		return filecap.Set{}
	}
	return *e.Capabilities
}

func isFileCapability(e *scan.Entry) bool { return beyondDistribution(e.Path, capabilitiesOf(e)) }

func beyondDistribution(path string, set filecap.Set) bool {
	return (set.Permitted|set.Inheritable)&^distributionCapabilities[installed(path)] != 0
}

func fileCapabilities(img *image) []issue {
	var issues []issue
	for _, f := range img.files {
		set := *f.entry.Capabilities
		message := fmt.Sprintf("%s gets %s, whoever starts it (file capabilities)", shown(f.path), set)
		if set.Permitted == 0 {
			message = fmt.Sprintf("%s gets %s from who has it to pass on (file capabilities)", shown(f.path), set)
		}
		issues = append(issues, issue{message: message, severity: power(set), path: f.path, at: &f})
	}
	return issues
}

// power is how bad it is that a program has them: at most as that it is setuid root, which
// is all of them.
func power(set filecap.Set) finding.Severity {
	switch {
	case set.Permitted&rootAlike != 0:
		return finding.Medium
	case set.Permitted&^harmless != 0:
		return finding.Low
	}
	return finding.Info // containers have none to pass on, unless they are started so
}
