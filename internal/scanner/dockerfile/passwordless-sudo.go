package dockerfile

import (
	"slices"
	"strings"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "dockerfile/passwordless-sudo", Severity: finding.Medium,
	Title:       "sudo is allowed without a password",
	Remediation: "Do as root what must be done in the build, and let the container run without sudo",
	Controls:    []string{"nist-800-190:4.1.2"},
}, onFile(func(r *report, f *file) {
	for c := range f.commands() {
		switch inner := effective(c); inner.name() {
		case "echo", "printf", "cat", "tee":
			w := c.written()
			if slices.ContainsFunc(w.files, func(f string) bool { return strings.Contains(f, "sudoers") }) && unlimited(w.text) {
				r.command(c, "sudo makes anyone root who it is given to, without a password")
			}
		case "sed":
			if slices.ContainsFunc(inner.args(), func(a arg) bool { return strings.HasSuffix(a.text, "/sudoers") }) &&
				slices.ContainsFunc(inner.args(), func(a arg) bool { return unlimited(a.text) }) {
				r.command(c, "sudo makes anyone root who it is given to, without a password")
			}
		}
	}
}))

// unlimited says whether a line of sudoers allows everything.
func unlimited(text string) bool {
	_, allowed, found := strings.Cut(text, "NOPASSWD:")
	return found && strings.HasPrefix(strings.TrimSpace(allowed), "ALL")
}
