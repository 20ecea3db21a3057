package dockerfile

import (
	"slices"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "dockerfile/setuid-bit", Severity: finding.Medium,
	Title:       "Program is given the setuid or setgid bit",
	Remediation: "Leave the bit away; give a capability to the container, or run as the user who may",
	Controls:    []string{"cis-docker-1.6:4.8", "nist-800-190:4.1.2"},
}, onFile(func(r *report, f *file) {
	directories := make(map[string]bool) // that RUNs make
	for c := range f.commands() {
		c = effective(c)
		switch c.name() {
		case "mkdir":
			for _, o := range c.operands("m", "mode") {
				directories[o.text] = true
			}
		case "chmod", "install":
			change, ok := c.modeChange()
			change.directory = change.directory || onlyDirectories(c, directories)
			if bit := change.privilege(); ok && bit != "" {
				r.command(c, "mode %s sets the %s bit", quote(change.text), bit)
			}
		}
	}
}), onBuilding(func(r *report, i *instruction) {
	if change, ok := i.copiedMode(); ok {
		if bit := change.privilege(); bit != "" {
			r.instruction(i, "mode %s sets the %s bit", quote(change.text), bit)
		}
	}
}, "COPY", "ADD"))

// privilege names the bit by which a file runs as someone else. Of a directory the
// setgid bit only says whose the files in it are.
func (m modeChange) privilege() string {
	switch {
	case m.mode.setuid:
		return "setuid"
	case m.mode.setgid && !m.directory:
		return "setgid"
	}
	return ""
}

// onlyDirectories says whether all that chmod is given is known to be directories;
// what find or xargs give to it is taken for such.
func onlyDirectories(c *command, known map[string]bool) bool {
	operands := c.operands()
	if c.name() != "chmod" || len(operands) == 0 {
		return false
	}
	return !slices.ContainsFunc(operands[1:], func(o arg) bool { return o.text != "{}" && !known[o.text] })
}
