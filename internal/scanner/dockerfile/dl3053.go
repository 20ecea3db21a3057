package dockerfile

import (
	"strings"
	"time"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "DL3053", Severity: finding.Medium,
	Title:       "Label is not a time as RFC 3339 has it",
	Remediation: "Write date, time and zone: 2006-01-02T15:04:05Z",
}, labelsOf(LabelTime, isTime, "a time as RFC 3339 has it"))

// isTime says whether a text is a time of RFC 3339. Its letters may be small, and
// a minute may end with a leap second: Go knows neither. Go takes an hour of one
// digit, a comma and an offset of 60 minutes, which are none of RFC 3339.
func isTime(text string) bool {
	const minutes, seconds = len("2006-01-02T15:"), len("2006-01-02T15:04:")
	if len(text) < seconds || text[minutes-1] != ':' || strings.Contains(text, ",") || strings.HasSuffix(text, ":60") {
		return false
	}
	if strings.HasPrefix(text[seconds:], "60") {
		text = text[:seconds] + "59" + text[seconds+2:]
	}
	_, err := time.Parse(time.RFC3339, strings.ToUpper(text))
	return err == nil
}
