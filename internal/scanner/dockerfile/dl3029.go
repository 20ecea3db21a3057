package dockerfile

import (
	"slices"
	"strings"
	"unicode"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "DL3029", Severity: finding.Medium,
	Title:       "FROM names a platform",
	Remediation: "Leave --platform out, or say $BUILDPLATFORM in a stage that builds for others",
}, onInstruction(func(r *report, i *instruction) {
	platform, given := i.flag("platform")
	if given && !slices.ContainsFunc(variables(platform), automatic) {
		r.instruction(i, "platform %s is fixed, whatever the build is for", quote(platform))
	}
}, "FROM"))

// automatic says whether BuildKit sets a variable to a platform or a part of it.
func automatic(name string) bool {
	part, ok := strings.CutPrefix(name, "TARGET")
	if !ok {
		part, ok = strings.CutPrefix(name, "BUILD")
	}
	return ok && slices.Contains([]string{"PLATFORM", "OS", "ARCH", "VARIANT"}, part)
}

// variables names the variables in a word of a Dockerfile.
func variables(word string) []string {
	var names []string
	for n := strings.IndexByte(word, '$'); n >= 0; n = strings.IndexByte(word, '$') {
		word = strings.TrimPrefix(word[n+1:], "{")
		end := strings.IndexFunc(word, func(c rune) bool { return c != '_' && !unicode.IsLetter(c) && !unicode.IsDigit(c) })
		if end < 0 {
			end = len(word)
		}
		names = append(names, word[:end])
		word = word[end:]
	}
	return names
}
