package dockerfile

import (
	"strings"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "DL3048", Severity: finding.Info,
	Title:       "Key of a label is not as Docker wants it",
	Remediation: "Use lower-case letters, digits, single dots and hyphens, under a domain of your own",
}, onInstruction(func(r *report, i *instruction) {
	for _, p := range i.labels() {
		if why := badLabelKey(p.key); why != "" {
			r.at(i, p.keySpan, "LABEL "+p.key, "key %s of a label %s", quote(p.key), why)
		}
	}
}, "LABEL"))

// badLabelKey says what is wrong with a label's key; nothing where it is good. Of
// Docker's own names those are good that it tells authors of extensions to use.
func badLabelKey(key string) string {
	for _, own := range []string{"com.docker.desktop.extension.", "com.docker.extension."} {
		if strings.HasPrefix(key, own) {
			return ""
		}
	}
	for _, reserved := range []string{"com.docker.", "io.docker.", "org.dockerproject."} {
		if strings.HasPrefix(key, reserved) {
			return "begins with " + reserved + ", which is reserved"
		}
	}
	switch {
	case key == "":
		return "is empty"
	case strings.ContainsFunc(key, strange):
		return "holds other characters than lower-case letters, digits, dots and hyphens"
	case strings.Contains(key, "..") || strings.Contains(key, "--"):
		return "has two dots or hyphens in a row"
	case !isLetter(rune(key[0])):
		return "doesn't begin with a letter"
	case !isLetter(rune(key[len(key)-1])) && !isDigit(rune(key[len(key)-1])):
		return "doesn't end with a letter or a digit"
	}
	return ""
}

// strange says whether a character has no place in a key. Underscore and slash are
// in wide use.
func strange(r rune) bool {
	return !isDigit(r) && !strings.ContainsRune(".-_/", r) && (r < 'a' || r > 'z')
}

func isLetter(r rune) bool { return 'a' <= r|0x20 && r|0x20 <= 'z' }

func isDigit(r rune) bool { return '0' <= r && r <= '9' }
