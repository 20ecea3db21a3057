package dockerfile

import (
	"net/url"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "DL3052", Severity: finding.Medium,
	Title:       "Label is not a URL",
	Remediation: "Write a whole URL, with its scheme: https://example.org/",
}, labelsOf(LabelURL, isURL, "a URL"))

// isURL says whether a text is a URL that leads somewhere: a scheme and, behind
// it, a host, a path or, as in mailto, an address.
func isURL(text string) bool {
	u, err := url.Parse(text)
	return err == nil && u.Scheme != "" && (u.Host != "" || u.Opaque != "" || u.Scheme == "file" && u.Path != "")
}
