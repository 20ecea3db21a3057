package dockerfile

import (
	"strings"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "dockerfile/copy-chown", Severity: finding.Low,
	Title:       "Files are handed to the user that runs",
	Remediation: "Leave them to root, so that who breaks into the application cannot change it; give away only what it must write",
	Controls:    []string{"nist-800-190:4.1.2"},
	Off:         true,
}, onBuilding(func(r *report, i *instruction) {
	owner, ok := i.flag("chown")
	user, _, _ := strings.Cut(owner, ":")
	if ok && user != "root" && user != "0" && user != "" {
		r.instruction(i, "what is copied can be changed by %s", quote(owner))
	}
}, "COPY", "ADD"))
