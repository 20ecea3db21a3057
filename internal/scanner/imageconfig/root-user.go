package imageconfig

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID:          "image/root-user",
	Title:       "Containers of the image run as root",
	Severity:    finding.Medium,
	Remediation: "Create an account in the Dockerfile and end it with USER, best by number: USER 10001",
	Controls:    []string{"cis-docker-1.6:4.1", "nist-800-190:4.1.2"},
}, look{find: rootUser, config: true})

func rootUser(img *image) []issue {
	if img.Config.OS == "windows" {
		return nil // accounts there have no number that means root
	}
	user := strings.TrimSpace(img.Config.Config.User)
	name, _, _ := strings.Cut(user, ":")
	message := ""
	switch uid, err := strconv.ParseUint(name, 10, 32); {
	case name == "":
		message = "image runs as root: it sets no USER"
	case name == "root" || (err == nil && uid == 0):
		message = fmt.Sprintf("image runs as root: USER is %q", user)
	case err != nil && img.passwd.uid(name) == 0:
		message = fmt.Sprintf("image runs as root: USER is %q, whose user id is 0", user)
	default:
		return nil
	}
	return []issue{{message: message, subject: "user", instruction: img.instruction("USER")}}
}

// uid gives the number of an account, -1 where there is none of that name.
func (f accountFile) uid(name string) int64 {
	for _, a := range f.accounts {
		if a.Name == name {
			return a.UID
		}
	}
	return -1
}
