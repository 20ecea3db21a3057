package imageconfig

import (
	"fmt"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID:          "image/passwordless-sudo",
	Title:       "An account can become root without a password",
	Severity:    finding.Medium,
	Remediation: "Remove the line from sudoers, and sudo with it",
	Controls:    []string{"nist-800-190:4.1.2"},
}, look{find: passwordlessSudo})

func passwordlessSudo(img *image) []issue {
	var issues []issue
	for _, f := range img.sudoers {
		for _, g := range f.grants {
			issues = append(issues, issue{
				message: fmt.Sprintf("%q needs no password for sudo", g.Who),
				subject: g.Who, path: f.at.path, line: g.Line, at: f.at,
			})
		}
	}
	return issues
}
