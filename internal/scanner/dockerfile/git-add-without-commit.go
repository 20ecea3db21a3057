package dockerfile

import (
	"strings"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "dockerfile/git-add-without-commit", Severity: finding.Medium,
	Title:       "ADD takes a git repository at no fixed commit",
	Remediation: "Name the commit: ADD https://host/repository.git#COMMIT, or --checksum=COMMIT beside a tag",
	Controls:    []string{"cis-docker-1.6:4.11"},
}, onBuilding(func(r *report, i *instruction) {
	if _, checked := i.flag("checksum"); checked || len(i.words) == 0 {
		return
	}
	for n, w := range i.words[:len(i.words)-1] {
		if source := unquote(w.text); repository(source) && !atCommit(source) {
			r.part(i, i.wordSpan(n), "ADD takes %s at whatever commit is there at the time of the build", quote(withoutUser(source)))
		}
	}
}, "ADD"))

// atCommit says whether an address names a commit: as its fragment, before the
// folder, or in its query. A variable may hold one.
func atCommit(source string) bool {
	address, fragment, _ := strings.Cut(source, "#")
	ref, _, _ := strings.Cut(fragment, ":")
	if commit(ref) || strings.HasPrefix(ref, "$") {
		return true
	}
	_, query, _ := strings.Cut(address, "?")
	for field := range strings.SplitSeq(query, "&") {
		key, value, _ := strings.Cut(field, "=")
		if (key == "checksum" || key == "commit" || key == "ref") && (commit(value) || strings.HasPrefix(value, "$")) {
			return true
		}
	}
	return false
}

// commit says whether text is a whole commit id of SHA-1 or SHA-256.
func commit(text string) bool {
	return (len(text) == 40 || len(text) == 64) && strings.Trim(strings.ToLower(text), "0123456789abcdef") == ""
}
