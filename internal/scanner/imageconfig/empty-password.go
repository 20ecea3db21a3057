package imageconfig

import (
	"fmt"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID:          "image/empty-password",
	Title:       "An account has no password",
	Severity:    finding.High,
	Remediation: "Lock the account (passwd -l NAME) or remove it; containers need no passwords",
	Controls:    []string{"nist-800-190:4.1.2"},
}, look{find: emptyPasswords})

// emptyPasswords looks into both files: what stands in passwd counts unless it is
// "x", which sends the system to shadow.
func emptyPasswords(img *image) []issue {
	var issues []issue
	for _, f := range []accountFile{img.passwd, img.shadow} {
		for _, a := range f.accounts {
			if a.Empty {
				issues = append(issues, issue{
					message: fmt.Sprintf("account %q has no password: whoever reaches a login is in", a.Name),
					subject: a.Name, path: f.at.path, line: a.Line, at: f.at,
				})
			}
		}
	}
	return issues
}
