package dockerfile

import (
	"strings"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "SC2287", Severity: finding.High,
	Title:       "Command ends in a slash",
	Remediation: "Name a file in the folder",
}, onCall(folderCommand))

func folderCommand(r *report, w *shellWalk, c *call) {
	if len(c.node.Args) > 0 && strings.HasSuffix(visible(c.node.Args[0].Parts), "/") && visible(c.node.Args[0].Parts) != "//" {
		r.node(w, c.node.Args[0], "a folder cannot be run")
	}
}
