package report

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	eastasian "golang.org/x/text/width"
)

const (
	zwnj = '\u200c' // joins and parts letters in Persian and in Indian scripts
	zwj  = '\u200d' // joins emoji

	// maxText is how many runes of a text are shown, maxMarks how many marks one
	// above the other.
	maxText  = 2000
	maxMarks = 8
)

// Plain makes text from what was scanned harmless on one line of a terminal or a
// log: what is not printable (line breaks, escape sequences, overrides of the
// direction of writing, bytes that are no UTF-8) is spelled out, as "\n", "\x1b" or
// "\u202e", and what is too long is cut. So is the second of two "#", as CI systems
// obey "##[error]" and "##vso[" wherever they stand in a line of their log.
// Plain(Plain(s)) is Plain(s).
func Plain(s string) string {
	if fits(s) && printable(s) {
		return s
	}
	var b strings.Builder
	left, marks := maxText, 0
	before := rune(0)
	for i, r := range s {
		if unicode.In(r, unicode.Mn, unicode.Me) {
			marks++
		} else {
			marks = 0
		}
		shown := string(r)
		switch {
		case r == utf8.RuneError && isInvalid(s[i:]):
			shown = fmt.Sprintf(`\x%02x`, s[i])
		case r == '#' && before == '#':
			shown = spelled(r)
		case harmless(r) && marks <= maxMarks:
		case unicode.Is(unicode.Zs, r):
			shown = " "
		default:
			shown = spelled(r)
		}
		if left -= utf8.RuneCountInString(shown); left < 0 {
			b.WriteString("…")
			break
		}
		b.WriteString(shown)
		before = r
	}
	return b.String()
}

// fits says whether nothing has to be cut; the mark of a cut does not count, so
// that a text that was cut is not cut again.
func fits(s string) bool {
	return len(s) <= maxText || utf8.RuneCountInString(strings.TrimSuffix(s, "…")) <= maxText
}

func printable(s string) bool {
	if strings.Contains(s, "##") {
		return false
	}
	marks := 0
	for i, r := range s {
		if unicode.In(r, unicode.Mn, unicode.Me) {
			marks++
		} else {
			marks = 0
		}
		if !harmless(r) || marks > maxMarks || r == utf8.RuneError && isInvalid(s[i:]) {
			return false
		}
	}
	return true
}

func harmless(r rune) bool { return unicode.IsPrint(r) || r == zwj || r == zwnj }

// isInvalid tells a byte that is no UTF-8 from U+FFFD itself.
func isInvalid(s string) bool {
	_, size := utf8.DecodeRuneInString(s)
	return size == 1
}

func spelled(r rune) string {
	switch r {
	case '\n':
		return `\n`
	case '\r':
		return `\r`
	case '\t':
		return `\t`
	}
	switch {
	case r < 0x80:
		return fmt.Sprintf(`\x%02x`, r)
	case r < 0x10000:
		return fmt.Sprintf(`\u%04x`, r)
	}
	return fmt.Sprintf(`\U%08x`, r)
}

// Line makes a text plain, of at most that many columns.
func Line(s string, columns int) string { return cut(Plain(s), columns) }

// columns is how many columns of a terminal a rune takes
// (https://www.unicode.org/reports/tr11/). What is ambiguous takes one.
func columns(r rune) int {
	switch {
	case r < 0x7f:
		return 1
	case unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf) || r >= 0x1160 && r <= 0x11ff: // vowels and finals of Hangul join
		return 0
	}
	switch eastasian.LookupRune(r).Kind() {
	case eastasian.EastAsianWide, eastasian.EastAsianFullwidth:
		return 2
	default:
		return 1
	}
}

// width is how many columns of a terminal a plain text takes.
func width(s string) int {
	n := 0
	for _, r := range s {
		n += columns(r)
	}
	return n
}

// cut shortens a plain text to at most n columns, the last one "…" where
// something is missing.
func cut(s string, n int) string {
	if len(s) <= n || width(s) <= n {
		return s
	}
	if n < 1 {
		return ""
	}
	left := n - 1
	for i, r := range s {
		if left -= columns(r); left < 0 {
			return s[:i] + "…"
		}
	}
	return s
}

// ending is the last n columns of a plain text, the first one "…" where something is
// missing.
func ending(s string, n int) string {
	over := width(s) - n
	if over <= 0 {
		return s
	}
	if n < 1 {
		return ""
	}
	over++ // for the "…"
	for i, r := range s {
		if over <= 0 {
			return "…" + s[i:]
		}
		over -= columns(r)
	}
	return "…"
}
