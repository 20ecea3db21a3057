package report

import (
	"strconv"
	"strings"
	"unicode"
)

// zwsp stands, unseen, between a sign and a word, so that no forge makes a mention,
// a reference or a link of the two.
const zwsp = "\u200b"

// mdText writes hostile text into markdown as text, of at most limit columns:
// no structure, HTML, link, mention (@team), reference (#1, !1, ~label, GH-1) or
// quick action comes of it, on GitHub and on GitLab. References are found in the
// finished HTML there, where no escape is left to see: only a sign between helps.
func mdText(s string, limit int) string {
	var b strings.Builder
	text := []rune(cut(Plain(s), limit))
	for i, r := range text {
		after := rune(' ')
		if i+1 < len(text) {
			after = text[i+1]
		}
		switch {
		case r == '&':
			b.WriteString("&amp;")
		case r == '<':
			b.WriteString("&lt;")
		case r == '>':
			b.WriteString("&gt;")
		case r == '$': // mathematics on GitHub, which a backslash does not end
			b.WriteString("&#36;")
		case strings.ContainsRune("\\`*_{}[]#!|~^@%", r):
			b.WriteByte('\\')
			b.WriteRune(r)
		default:
			b.WriteRune(r)
		}
		if parts(text[:i+1], after) {
			b.WriteString(zwsp)
		}
	}
	return b.String()
}

// parts says whether what stands before and what comes after must be kept apart.
func parts(before []rune, after rune) bool {
	if after == ' ' {
		return false
	}
	switch r := before[len(before)-1]; {
	case strings.ContainsRune("@#!~%&$^", r):
		return true
	case r == ':':
		return after == '/' || ends(before, "mailto:") || ends(before, "xmpp:")
	case r == '.':
		return ends(before, "www.")
	case r == '-':
		return ends(before, "gh-") && unicode.IsDigit(after)
	}
	return false
}

func ends(text []rune, lower string) bool {
	return len(text) >= len(lower) && strings.EqualFold(string(text[len(text)-len(lower):]), lower)
}

// mdCode writes hostile text into markdown as code, of at most limit columns. It
// is an HTML element, not backticks: those cannot hold every text inside a table.
// Nothing in it is a mention or a reference; every sign is written as an entity, so
// that nothing in it is markdown.
func mdCode(s string, limit int) string {
	var b strings.Builder
	b.WriteString("<code>")
	text := []rune(cut(Plain(s), limit))
	for i, r := range text {
		switch {
		case r == '.' && ends(text[:i+1], "www."), r < 0x80 && !bare(r):
			b.WriteString("&#" + strconv.Itoa(int(r)) + ";")
		default:
			b.WriteRune(r)
		}
		if r == '@' && i > 0 { // or it becomes a mail address
			b.WriteString(zwsp)
		}
	}
	b.WriteString("</code>")
	return b.String()
}

// bare says whether an ASCII rune means nothing in markdown, wherever it stands.
func bare(r rune) bool {
	return r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || strings.ContainsRune(" /.-,=", r)
}
