package dockerfile

import (
	"strings"

	"mvdan.cc/sh/v3/syntax"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "SC2102", Severity: finding.Low,
	Title:       "Range of characters with doubles",
	Remediation: "A range matches one character: quote the brackets where they are meant",
}, onNode(doubledRange))

func doubledRange(r *report, w *shellWalk, lit *syntax.Lit) {
	if strings.IndexByte(lit.Value, '[') < 0 || w.textual() || w.place == inArgs && w.call != nil && (w.call.name == "tr" || w.call.name == "read") {
		return
	}
	if t, ok := w.parent(1).(*syntax.BinaryTest); ok && t.Op == syntax.TsReMatch {
		return
	}
	text, at := w.raw(lit), int(lit.ValuePos.Offset())
	for _, c := range classes(text) {
		if doubled(strings.TrimLeft(text[c.i+1:c.j-1], "!^")) {
			r.region(w, at+c.i, at+c.j, "%s matches one character, as often as one is named: quote it where it is no pattern", quote(text[c.i:c.j]))
		}
	}
}

// textual says whether brackets and braces mean nothing at the present place.
func (w *shellWalk) textual() bool {
	return w.quoted || w.place == inArithmetic || w.place == inExpansion || w.place == inDocument
}

// doubled says whether the inside of brackets names a character twice.
func doubled(inner string) bool {
	if strings.Contains(inner, "[") || strings.HasPrefix(inner, ":") && strings.HasSuffix(inner, ":") {
		return false
	}
	return doubles(inner)
}

// doubles says whether a character stands in a text twice.
func doubles(text string) bool {
	var seen [256]bool
	for _, c := range []byte(strings.ReplaceAll(text, "\\", "")) {
		if seen[c] && c != '-' {
			return true
		}
		seen[c] = true
	}
	return false
}
