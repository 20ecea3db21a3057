package dockerfile

import (
	"strings"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "DL3020", Severity: finding.High,
	Title:       "ADD copies plain local files",
	Remediation: "Use COPY for files and folders",
	Controls:    []string{"cis-docker-1.6:4.9"},
	Fixable:     true,
}, onInstruction(func(r *report, i *instruction) {
	var plain []string
	sources := i.words[:len(i.words)-1]
	for _, w := range sources {
		if s := unquote(w.text); !remote(s) && !archive(s) && !strings.HasPrefix(s, "<<") {
			plain = append(plain, s)
		}
	}
	if len(plain) == 0 {
		return
	}
	h := r.instruction(i, "ADD of %s, which COPY does without surprises", quoteAll(plain))
	if len(plain) == len(sources) {
		fixDL3020(h, i)
	}
}, "ADD"))

// remote says whether a source of ADD is fetched from elsewhere.
func remote(source string) bool {
	for _, scheme := range []string{"https://", "http://", "git://", "ssh://", "git@"} {
		if strings.HasPrefix(source, scheme) {
			return true
		}
	}
	return false
}

// archives are the endings of files that ADD unpacks.
var archives = []string{
	".tar", ".gz", ".bz2", ".xz", ".z", ".lz", ".lzma", ".tgz", ".tbz", ".tb2", ".tbz2", ".txz", ".tlz", ".tpz", ".tz",
}

func archive(source string) bool {
	for _, ending := range archives {
		if strings.HasSuffix(strings.ToLower(source), ending) {
			return true
		}
	}
	return false
}

// matchCase writes a keyword as the other one is written.
func matchCase(keyword, like string) string {
	if strings.HasPrefix(like, strings.ToLower(like[:1])) {
		return strings.ToLower(keyword)
	}
	return keyword
}
