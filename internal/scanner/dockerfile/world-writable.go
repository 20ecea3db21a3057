package dockerfile

import (
	"strconv"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "dockerfile/world-writable", Severity: finding.Medium,
	Title:       "Everyone may write to files",
	Remediation: "Give the files to the user that runs (chown), and write permission to nobody else",
	Controls:    []string{"nist-800-190:4.1.2"},
}, onProgram(func(r *report, c *command) {
	if c.name() == "umask" {
		if words := c.operands(); len(words) == 1 && unmasked(words[0].text) {
			r.command(c, "with umask %s everyone may write to the files that are made", quote(words[0].text))
		}
		return
	}
	if change, ok := c.modeChange(); ok && change.open() {
		r.command(c, "mode %s lets everyone write", quote(change.text))
	}
}, "chmod", "mkdir", "install", "umask"), onBuilding(func(r *report, i *instruction) {
	if change, ok := i.copiedMode(); ok && change.open() {
		r.instruction(i, "mode %s lets everyone write", quote(change.text))
	}
}, "COPY", "ADD"))

// open says whether others may write; in a directory with the sticky bit they may
// not touch what is not theirs.
func (m modeChange) open() bool { return m.mode.others && !m.mode.sticky }

// unmasked says whether a mask lets others write.
func unmasked(mask string) bool {
	n, err := strconv.ParseUint(mask, 8, 32)
	return err == nil && n&0o002 == 0
}
