package dockerfile

import (
	"strings"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "DL3055", Severity: finding.Medium,
	Title:       "Label is not a commit's hash",
	Remediation: "Write the commit's hash, whole or its first 7 digits",
}, labelsOf(LabelCommit, isCommit, "a commit's hash of 7 or 40 digits"))

func isCommit(text string) bool {
	return (len(text) == 7 || len(text) == 40) && strings.Trim(text, "0123456789abcdefABCDEF") == ""
}
