package secrets

import (
	"encoding/base64"
	"strings"
)

// decodedText is a text in which what is encoded is replaced by what it says, as
// the engine's decoder does in one pass.
type decodedText struct {
	text string
	// parts are the replaced parts by their place in text, origins by that in the text
	// before.
	parts, origins []encodedSpan
}

// before gives the part of the text before that became a part of this one, with all
// of what it has part in or touches, as the engine has it.
func (d *decodedText) before(from, to int) (int, int) {
	start, end, shift := from, to, 0
	for i, p := range d.parts {
		switch {
		case p.to < from:
			shift = d.origins[i].to - p.to
			start, end = from+shift, to+shift
		case p.from > to:
			return start, end
		default:
			if p.from < from {
				start = d.origins[i].from
			}
			end = max(d.origins[i].to, to+d.origins[i].to-p.to)
		}
	}
	return start, end
}

// overlaps says whether a match has part in what was decoded, or touches it, which
// is what the engine asks.
func (d *decodedText) overlaps(from, to int) bool {
	for _, p := range d.parts {
		if from <= p.to && to >= p.from {
			return true
		}
	}
	return false
}

// encoding is a way to encode text; of two that meet the greater goes first.
type encodingKind uint8

const (
	inBase64 encodingKind = iota
	inHex
	inUnicode
	inPercent
)

// encodedPart is a part of a text in one encoding.
type encodedPart struct {
	from, to int
	kind     encodingKind
}

// decodeOnce decodes a text as the engine's decoder does; false where there is
// nothing to decode. The decoder itself searches with an expression, which takes
// many times as long.
func decodeOnce(text string) (*decodedText, bool) {
	var out decodedText
	var b strings.Builder
	done := 0
	for _, p := range withoutNeighbours(encodedParts(text)) {
		value := p.decode(text[p.from:p.to])
		if value == "" {
			continue
		}
		b.WriteString(text[done:p.from])
		out.parts = append(out.parts, encodedSpan{b.Len(), b.Len() + len(value)})
		out.origins = append(out.origins, encodedSpan{p.from, p.to})
		b.WriteString(value)
		done = p.to
	}
	if len(out.parts) == 0 {
		return nil, false
	}
	b.WriteString(text[done:])
	out.text = b.String()
	return &out, true
}

// encodedParts finds what looks encoded, from left to right.
func encodedParts(text string) []encodedPart {
	var out []encodedPart
	for i := 0; i < len(text); {
		end, kind := i, inBase64
		switch c := text[i]; {
		case c == '%':
			end, kind = percentEnd(text, i), inPercent
		case c == '\\':
			end, kind = escapesEnd(text, i), inUnicode
		case inRun[c]:
			end, kind = runEnd(text, i)
			if end < 0 { // nothing before there
				i = -end
				continue
			}
		}
		if end == i {
			i++
			continue
		}
		out = append(out, encodedPart{i, end, kind})
		i = end
	}
	return out
}

// percentEnd goes from one %HH to the last on its line.
func percentEnd(text string, at int) int {
	if !isPercent(text, at) {
		return at
	}
	line := len(text)
	if n := strings.IndexByte(text[at:], '\n'); n >= 0 {
		line = at + n
	}
	for i := line - 3; i >= at+3; i-- {
		if text[i] == '%' && isPercent(text[:line], i) {
			return i + 3
		}
	}
	return at + 3
}

func isPercent(text string, at int) bool {
	return at+3 <= len(text) && hexValue[text[at+1]] < 16 && hexValue[text[at+2]] < 16
}

// escapesEnd goes over a row of \uHHHH, with one or two backslashes each.
func escapesEnd(text string, at int) int {
	for {
		n := escapeLen(text[at:])
		if n == 0 {
			return at
		}
		at += n
	}
}

func escapeLen(text string) int {
	for slashes := 2; slashes >= 1; slashes-- {
		if len(text) >= slashes+5 && strings.HasPrefix(text, `\\`[:slashes]) && (text[slashes] == 'u' || text[slashes] == 'U') && fourHex(text[slashes+1:]) {
			return slashes + 5
		}
	}
	return 0
}

// codePointsEnd goes over a row of U+HHHH, each with white space or the end of the
// text behind it.
func codePointsEnd(text string, at int) int {
	for strings.HasPrefix(text[at:], "U+") && at+6 <= len(text) && fourHex(text[at+2:]) {
		switch {
		case at+6 == len(text):
			return at + 6
		case !isSpace(text[at+6]):
			return at
		}
		at += 7
	}
	return at
}

// isSpace is the idea of white space that expressions have.
func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\f' || c == '\r' }

// runEnd looks at what begins in a run of base64 characters. Where nothing does, it
// gives the negative place at which to go on.
func runEnd(text string, at int) (int, encodingKind) {
	if text[at] == 'U' {
		if end := codePointsEnd(text, at); end > at {
			return end, inUnicode
		}
	}
	end := at + 1
	for end < len(text) && inRun[text[end]] {
		end++
	}
	hex := at
	for hex < end && hexValue[text[hex]] < 16 {
		hex++
	}
	if hex-at >= shortestHex {
		return hex, inHex
	}
	if end-at >= shortestRun {
		for n := 0; n < 2 && end < len(text) && text[end] == '='; n++ {
			end++
		}
		return end, inBase64
	}
	if n := strings.Index(text[at+1:end], "U+"); n >= 0 {
		return -(at + 1 + n), inUnicode
	}
	return -end, inBase64
}

// withoutNeighbours leaves out what meets a part of an encoding that goes first:
// its turn comes in the next pass.
func withoutNeighbours(all []encodedPart) []encodedPart {
	if len(all) == 1 {
		return all
	}
	var out []encodedPart
	for i, p := range all {
		if i > 0 && all[i-1].to >= p.from && all[i-1].kind > p.kind {
			continue
		}
		if i+1 < len(all) && all[i+1].from <= p.to && all[i+1].kind > p.kind {
			continue
		}
		out = append(out, p)
	}
	return out
}

// decode gives what a part says; "" where that is no text.
func (p encodedPart) decode(text string) string {
	switch p.kind {
	case inPercent:
		return decodePercent(text)
	case inUnicode:
		return decodeUnicode(text)
	case inHex:
		return decodeHex(text)
	}
	return decodeBase64(text)
}

func decodePercent(text string) string {
	out := make([]byte, 0, len(text))
	for i := 0; i < len(text); i++ {
		c := text[i]
		if c == '%' && isPercent(text, i) {
			c = hexValue[text[i+1]]<<4 | hexValue[text[i+2]]
			if !printable(c) {
				return ""
			}
			i += 2
		}
		out = append(out, c)
	}
	return string(out)
}

func decodeUnicode(text string) string {
	var out []rune
	for i := 0; i+5 <= len(text); i++ {
		if c := text[i]; (c == 'u' || c == 'U') && text[i+1] != '+' {
			out = append(out, hexRune(text[i+1:]))
			i += 4
		} else if c == 'U' {
			out = append(out, hexRune(text[i+2:]))
			i += 5
		}
	}
	return string(out)
}

func hexRune(text string) rune {
	var r rune
	for i := range 4 {
		r = r<<4 | rune(hexValue[text[i]])
	}
	return r
}

func decodeHex(text string) string {
	if len(text)%2 != 0 || !strings.ContainsAny(text, "0123456789") {
		return ""
	}
	out := make([]byte, 0, len(text)/2)
	for i := 0; i < len(text); i += 2 {
		c := hexValue[text[i]]<<4 | hexValue[text[i+1]]
		if !printable(c) {
			return ""
		}
		out = append(out, c)
	}
	return string(out)
}

func decodeBase64(text string) string {
	run := strings.TrimRight(text, "=")
	if !base64Printable(run) || !hasLikely(run) {
		return ""
	}
	for _, enc := range []*base64.Encoding{base64.StdEncoding, base64.RawURLEncoding} {
		out, err := enc.DecodeString(text)
		if err == nil && allPrintable(out) {
			return string(out)
		}
	}
	return ""
}

func allPrintable(text []byte) bool {
	for _, c := range text {
		if !printable(c) {
			return false
		}
	}
	return true
}
