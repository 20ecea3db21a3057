package dockerfile

import (
	"strings"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "DL3000", Severity: finding.High,
	Title:       "WORKDIR is a relative path",
	Remediation: "Write the absolute path, so that it does not depend on what came before",
}, onInstruction(func(r *report, i *instruction) {
	if path := unquote(i.words[0].text); !absolute(path) {
		r.part(i, i.wordSpan(0), "WORKDIR %s is relative to whatever directory came before", quote(path))
	}
}, "WORKDIR"))

// absolute says whether a path is, or may be: a variable can hold anything.
func absolute(path string) bool {
	return strings.HasPrefix(path, "/") || strings.HasPrefix(path, "$") || strings.HasPrefix(path, `\`) ||
		len(path) >= 2 && path[1] == ':' && (path[0]|0x20 >= 'a' && path[0]|0x20 <= 'z')
}

// unquote drops the quotes around a word.
func unquote(word string) string {
	if n := len(word) - 1; n > 0 && (word[0] == '"' || word[0] == '\'') && word[n] == word[0] {
		return word[1:n]
	}
	return word
}
