package dockerfile

import (
	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/licence"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "DL3054", Severity: finding.Medium,
	Title:       "Label is not a licence expression of SPDX",
	Remediation: "Use identifiers of spdx.org/licenses, joined by AND, OR and WITH",
}, labelsOf(LabelLicence, licence.Valid, "a licence expression of SPDX"))
