package dockerfile

import (
	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "DL3046", Severity: finding.Medium,
	Title:       "useradd with a high uid makes a huge log",
	Remediation: "Add --no-log-init",
}, onCommand(func(r *report, c *command) {
	p := c.getopt("bcdefgGkKpPRsuZ", "base-dir", "comment", "home-dir", "expiredate", "inactive", "gid", "groups", "skel",
		"key", "password", "prefix", "root", "shell", "uid", "selinux-user", "selinux-range", "home")
	uid, set := p.value("u", "uid")
	if set && !p.has("l", "no-log-init") && high(c, uid) {
		r.command(c, "useradd with uid %s writes a log as long as the uid is high", quote(uid))
	}
}, "useradd"))

// high says whether a uid has six digits or more, or may have.
func high(c *command, uid string) bool {
	if name, rest := variableName(uid); name != "" && rest == "" {
		value, known := c.run.variable(name)
		if !known {
			return true
		}
		uid = value
	}
	return isNumeric(uid) && len(uid) > 5
}
