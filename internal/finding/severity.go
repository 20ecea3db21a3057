package finding

import (
	"fmt"
	"strings"
)

// Severity orders findings by how bad they are. The zero value is Unknown:
// nobody has said.
type Severity uint8

// The severities, mildest first. Unknown is shown as such and compares as the
// policy's `severity.unknown` says (medium when it says nothing).
const (
	Unknown Severity = iota
	Info
	Low
	Medium
	High
	Critical
)

var severityNames = [...]string{"unknown", "info", "low", "medium", "high", "critical"}

// Severities lists every severity, worst first, as reports print them.
func Severities() []Severity {
	return []Severity{Critical, High, Medium, Low, Info, Unknown}
}

func (s Severity) String() string {
	if int(s) < len(severityNames) {
		return severityNames[s]
	}
	return fmt.Sprintf("severity(%d)", uint8(s))
}

// ParseSeverity takes a severity's name in any case.
func ParseSeverity(name string) (Severity, error) {
	for i, n := range severityNames {
		if strings.EqualFold(n, name) {
			return Severity(i), nil
		}
	}
	return Unknown, fmt.Errorf("unknown severity %q: use critical, high, medium, low, info or unknown", name)
}

// MarshalText writes the lower-case name.
func (s Severity) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads what MarshalText writes.
func (s *Severity) UnmarshalText(text []byte) error {
	parsed, err := ParseSeverity(string(text))
	if err != nil {
		return err
	}
	*s = parsed
	return nil
}

// Known gives s itself, or instead when s is Unknown.
func (s Severity) Known(instead Severity) Severity {
	if s == Unknown {
		return instead
	}
	return s
}

// FromCVSS turns a CVSS base score into a severity: 9.0, 7.0, 4.0 and 0.1 are
// the lower bounds of critical, high, medium and low; 0 is info, and a negative
// score is Unknown. See https://www.first.org/cvss/v3.1/specification-document
// section 5.
func FromCVSS(score float64) Severity {
	switch {
	case score >= 9.0:
		return Critical
	case score >= 7.0:
		return High
	case score >= 4.0:
		return Medium
	case score >= 0.1:
		return Low
	case score >= 0:
		return Info
	}
	return Unknown
}
