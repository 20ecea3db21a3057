package dockerfile

import (
	"slices"
	"strings"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "dockerfile/extra-root-account", Severity: finding.High,
	Title:       "Second account with the rights of root is made",
	Remediation: "Give the account a number of its own",
	Controls:    []string{"nist-800-190:4.1.2"},
}, onFile(func(r *report, f *file) {
	for c := range f.commands() {
		inner := effective(c)
		switch inner.name() {
		case "useradd", "usermod", "adduser":
			for _, o := range inner.options(accountLetters(inner), accountOptions...) {
				if (o.name == "u" || o.name == "uid") && o.value == "0" && !inner.has("root") {
					r.command(c, "%s makes an account that is root by another name", inner.name())
				}
			}
		case "echo", "printf", "cat", "tee":
			if w := c.written(); slices.ContainsFunc(w.files, isAccounts) && secondRoot(w.text) {
				r.command(c, "an account that is root by another name is written to /etc/passwd")
			}
		}
	}
}))

func isAccounts(file string) bool { return strings.HasSuffix(file, "etc/passwd") }

// secondRoot looks for a line of /etc/passwd with the number 0 and another name.
func secondRoot(text string) bool {
	for line := range strings.SplitSeq(strings.ReplaceAll(text, `\n`, "\n"), "\n") {
		fields := strings.Split(strings.TrimSpace(line), ":")
		if len(fields) >= 6 && fields[2] == "0" && fields[0] != "root" && !strings.HasSuffix(fields[0], " root") {
			return true
		}
	}
	return false
}
