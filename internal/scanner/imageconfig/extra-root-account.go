package imageconfig

import (
	"fmt"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID:          "image/extra-root-account",
	Title:       "An account other than root has user id 0",
	Severity:    finding.High,
	Remediation: "Remove the account or give it a user id of its own",
	Controls:    []string{"nist-800-190:4.1.2"},
}, look{find: extraRootAccounts})

func extraRootAccounts(img *image) []issue {
	var issues []issue
	for _, a := range img.passwd.accounts {
		if a.UID == 0 && a.Name != "root" {
			issues = append(issues, issue{
				message: fmt.Sprintf("account %q has user id 0: it is root by another name", a.Name),
				subject: a.Name, path: img.passwd.at.path, line: a.Line, at: img.passwd.at,
			})
		}
	}
	return issues
}
