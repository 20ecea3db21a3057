package dockerfile

import (
	"net/mail"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "DL3058", Severity: finding.Medium,
	Title:       "Label is not an e-mail address",
	Remediation: "Write the address alone: someone@example.org",
}, labelsOf(LabelEmail, isAddress, "an e-mail address"))

// isAddress says whether a text is an address and nothing else, no name and no
// brackets.
func isAddress(text string) bool {
	a, err := mail.ParseAddress(text)
	return err == nil && a.Name == "" && a.Address == text
}
