package dockerfile

import (
	"strings"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "DL3066", Severity: finding.Low,
	Title:       "USER is a name",
	Remediation: "Use the number of the user, so that who runs the image can tell that it isn't root",
}, onInstruction(func(r *report, i *instruction) {
	user := userName(unquote(i.words[0].text))
	if isNumeric(user) {
		return
	}
	if name, rest := variableName(user); name != "" && rest == "" {
		if value, _ := i.variable(name); isNumeric(value) || i.declares(name) {
			return
		}
	}
	if _, fallback, ok := strings.Cut(user, ":-"); ok && isNumeric(strings.TrimSuffix(fallback, "}")) {
		return
	}
	r.part(i, i.wordSpan(0), "USER %s is no number", quote(user))
}, "USER"))

// userName cuts the group off: it stands behind a colon outside of braces.
func userName(user string) string {
	from := 0
	if strings.HasPrefix(user, "${") {
		from = max(0, strings.IndexByte(user, '}'))
	}
	if n := strings.IndexByte(user[from:], ':'); n >= 0 {
		return user[:from+n]
	}
	return user
}

// declares says whether an ARG of that name stands above an instruction: whoever
// builds the image says what it is.
func (i *instruction) declares(name string) bool {
	for _, s := range i.before(name) {
		if s.at.keyword == "ARG" {
			return true
		}
	}
	return false
}
