package imageconfig

import (
	"fmt"
	"strings"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID:          "image/changed-user",
	Title:       "Containers run as another account than those of the older image",
	Severity:    finding.Low,
	Remediation: "Make sure that the account is meant, and owns no more than the service needs; or approve the image anew",
	Controls:    []string{"cis-docker-1.6:4.1"},
}, look{find: changedUser, config: true, older: true})

// changedUser leaves root out: who becomes root is told by the rule about that, and who
// ceases to be is an improvement.
func changedUser(img *image) []issue {
	user, was := strings.TrimSpace(img.Config.Config.User), strings.TrimSpace(img.older.config.Config.User)
	if user == was || isRoot(user) || isRoot(was) {
		return nil
	}
	return []issue{{
		message: fmt.Sprintf("image runs as %q, and the older one as %q", brief(user), brief(was)),
		subject: "user", instruction: img.instruction("USER"),
	}}
}

func isRoot(user string) bool {
	name, _, _ := strings.Cut(user, ":")
	return name == "" || name == "root" || name == "0"
}
