package dockerfile

import (
	"strings"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "dockerfile/password-in-build", Severity: finding.High,
	Title:       "Password of an account is set or emptied",
	Remediation: "Leave accounts without a password, which nobody can log in with; set one when the container starts where it must be",
	Controls:    []string{"cis-docker-1.6:4.10", "nist-800-190:4.1.4"},
}, onProgram(func(r *report, c *command) {
	if what := setsPassword(c); what != "" {
		// The command may hold the password: what identifies it is the program.
		r.at(c.run, c.where, c.name()+" "+what, "%s %s: the same in every container", c.name(), what)
	}
}, "chpasswd", "passwd", "useradd", "usermod", "adduser", "sed"))

const (
	setting  = "sets an account's password"
	emptying = "empties an account's password"
)

// setsPassword says what a command does to passwords; empty for nothing.
func setsPassword(c *command) string {
	switch c.name() {
	case "chpasswd":
		return setting
	case "passwd":
		return passwd(c)
	case "useradd", "usermod":
		for _, o := range c.options(accountLetters(c), accountOptions...) {
			switch {
			case o.name != "p" && o.name != "password":
			case o.value == "":
				return emptying
			case strings.Trim(o.value, "!*xX") != "": // nobody can log in with any of these
				return setting
			}
		}
	case "sed":
		if c.has("/etc/shadow") && c.flag("i", "in-place") {
			return "changes /etc/shadow"
		}
	}
	return ""
}

func passwd(c *command) string {
	o := c.options("iwnxr")
	switch {
	case given(o, "d", "delete"):
		return emptying
	case given(o, "stdin", "s") || c.input || c.pipe != nil && c.step > 0 || c.redirected():
		return setting
	}
	return ""
}

// redirected says whether a command reads something else than the terminal.
func (c *command) redirected() bool {
	if c.stmt == nil {
		return false
	}
	for _, r := range c.stmt.Redirs {
		if strings.HasPrefix(r.Op.String(), "<") {
			return true
		}
	}
	return false
}

// accountOptions are long options of useradd, usermod and adduser that take the next
// word.
var accountOptions = []string{
	"password", "comment", "shell", "uid", "gid", "groups", "home", "home-dir", "base-dir", "expiredate", "inactive", "login", "skel", "key", "root", "prefix",
	"gecos", "ingroup", "firstuid", "lastuid",
}

// accountLetters are the short ones.
func accountLetters(c *command) string {
	switch c.name() {
	case "adduser":
		return "hgsGukK"
	case "usermod":
		return "cdefgGlpRPsuvVwWZ"
	}
	return "bcdefgGkKpRPsuZ"
}
