package dockerfile

import (
	"strings"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "DL3056", Severity: finding.Medium,
	Title:       "Label is not a semantic version",
	Remediation: "Write three numbers: 1.2.3, 1.2.3-rc.1, 1.2.3+build.5",
}, labelsOf(LabelVersion, isVersion, "a semantic version"))

// isVersion says whether a text is a version of semver.org 2.0.0.
func isVersion(text string) bool {
	text, build, hasBuild := strings.Cut(text, "+")
	numbers, pre, hasPre := strings.Cut(text, "-")
	parts := strings.Split(numbers, ".")
	if len(parts) != 3 {
		return false
	}
	for _, p := range parts {
		if !isNumeric(p) || leadingZero(p) {
			return false
		}
	}
	return (!hasPre || identifiers(pre, true)) && (!hasBuild || identifiers(build, false))
}

// identifiers says whether a text is identifiers with dots between. Numbers of a
// pre-release have no leading zero.
func identifiers(text string, preRelease bool) bool {
	for id := range strings.SplitSeq(text, ".") {
		if !isIdentifier(id) || preRelease && isNumeric(id) && leadingZero(id) {
			return false
		}
	}
	return true
}

func isIdentifier(text string) bool {
	return text != "" && strings.IndexFunc(text, func(r rune) bool { return r != '-' && !isLetter(r) && !isDigit(r) }) < 0
}

func isNumeric(text string) bool {
	return text != "" && strings.Trim(text, "0123456789") == ""
}

func leadingZero(number string) bool { return len(number) > 1 && number[0] == '0' }
