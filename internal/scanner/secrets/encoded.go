package secrets

import (
	"cmp"
	"slices"
	"strings"
)

// encodedSpan is a part of a text that the engine's decoder may decode.
type encodedSpan struct{ from, to int }

// mayDecode says whether the engine's decoder could find anything to decode in a
// text.
func mayDecode(text string) bool { return len(encodedIn(text)) > 0 }

// encodedIn finds what the engine's decoder could decode in a text: percent,
// unicode, hexadecimal or base64. It errs on the side of too much. Most text has
// none of it, and the decoder's own search costs a quarter of a scan.
func encodedIn(text string) []encodedSpan {
	spans := percents(text, nil)
	spans = escapes(text, spans)
	spans = codePoints(text, spans)
	spans = encodedRuns(text, spans)
	slices.SortFunc(spans, func(a, b encodedSpan) int { return cmp.Or(a.from-b.from, a.to-b.to) })
	return spans
}

// encodedRuns finds longest runs of base64 characters that decode to text.
func encodedRuns(text string, spans []encodedSpan) []encodedSpan {
	for i := 0; i+shortestRun <= len(text); {
		// Where a run is long enough, its last character stands here.
		if !inRun[text[i+shortestRun-1]] {
			i += shortestRun
			continue
		}
		start := i + shortestRun - 1
		for start > i && inRun[text[start-1]] {
			start--
		}
		end := i + shortestRun
		for end < len(text) && inRun[text[end]] {
			end++
		}
		if end-start >= shortestRun && runDecodes(text[start:end]) {
			spans = append(spans, encodedSpan{start, end})
		}
		i = end
	}
	return spans
}

// The decoder looks at runs of these lengths: of base64 characters, of
// hexadecimal digits.
const (
	shortestRun = 16
	shortestHex = 32
)

// escapes finds \uHHHH.
func escapes(text string, spans []encodedSpan) []encodedSpan {
	for i := 0; ; i++ {
		n := strings.IndexByte(text[i:], '\\')
		if n < 0 || i+n+6 > len(text) {
			return spans
		}
		i += n
		if c := text[i+1]; (c == 'u' || c == 'U') && fourHex(text[i+2:]) {
			spans = append(spans, encodedSpan{i, i + 6})
		}
	}
}

// codePoints finds U+HHHH.
func codePoints(text string, spans []encodedSpan) []encodedSpan {
	for i := 0; ; i++ {
		n := strings.Index(text[i:], "U+")
		if n < 0 || i+n+6 > len(text) {
			return spans
		}
		i += n
		if fourHex(text[i+2:]) {
			spans = append(spans, encodedSpan{i, i + 6})
		}
	}
}

func fourHex(text string) bool {
	return hexValue[text[0]] < 16 && hexValue[text[1]] < 16 && hexValue[text[2]] < 16 && hexValue[text[3]] < 16
}

// percents finds %HH. One that stands for an unprintable byte makes the decoder
// give up on all up to the last one on its line; it counts only where it cuts a run
// of base64 short.
func percents(text string, spans []encodedSpan) []encodedSpan {
	for i := 0; ; i++ {
		n := strings.IndexByte(text[i:], '%')
		if n < 0 || i+n+3 > len(text) {
			return spans
		}
		i += n
		hi, lo := hexValue[text[i+1]], hexValue[text[i+2]]
		if hi < 16 && lo < 16 {
			j := i + 1
			if printable(hi<<4|lo) || (j+shortestRun <= len(text) && allInRun(text[j:j+shortestRun])) {
				spans = append(spans, encodedSpan{i, i + 3})
			}
		}
	}
}

func allInRun(s string) bool {
	for i := range len(s) {
		if !inRun[s[i]] {
			return false
		}
	}
	return true
}

// runDecodes looks at a longest run of base64 characters. The decoder takes the
// hexadecimal digits at its front, if there are enough, else all of it as base64.
func runDecodes(run string) bool {
	n := 0
	for n < len(run) && hexValue[run[n]] < 16 {
		n++
	}
	if n >= shortestHex {
		return n < len(run) || hexPrintable(run)
	}
	return base64Printable(run) && hasLikely(run)
}

// hasLikely says whether a run holds a character that makes the decoder take it for
// base64 and not for a long word.
func hasLikely(run string) bool {
	for i := range len(run) {
		if c := run[i]; c < 'A' || c == '_' {
			return true
		}
	}
	return false
}

func hexPrintable(run string) bool {
	if len(run)%2 != 0 {
		return false
	}
	for i := 0; i < len(run); i += 2 {
		if !printable(hexValue[run[i]]<<4 | hexValue[run[i+1]]) {
			return false
		}
	}
	return true
}

// base64Printable checks the whole groups of four; what is left over counts as
// printable.
func base64Printable(run string) bool {
	for ; len(run) >= 4; run = run[4:] {
		v := uint32(sextet[run[0]])<<18 | uint32(sextet[run[1]])<<12 | uint32(sextet[run[2]])<<6 | uint32(sextet[run[3]])
		if !printable(byte(v>>16)) || !printable(byte(v>>8)) || !printable(byte(v)) {
			return false
		}
	}
	return true
}

// printable is the decoder's idea of it.
func printable(b byte) bool { return b > 0x08 && b < 0x7f }

const base64Chars = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_"

var (
	inRun    = makeInRun()
	sextet   = makeSextet()
	hexValue = makeHexValue()
)

func makeInRun() (t [256]bool) {
	for i := range len(base64Chars) {
		t[base64Chars[i]] = true
	}
	return t
}

// makeSextet gives both alphabets of base64 at once.
func makeSextet() (t [256]byte) {
	for i := range len(base64Chars) {
		v := i
		if v >= 64 {
			v -= 2
		}
		t[base64Chars[i]] = byte(v)
	}
	return t
}

// makeHexValue gives 16 or more for what is no hexadecimal digit.
func makeHexValue() (t [256]byte) {
	for i := range t {
		t[i] = 0xff
	}
	for i := range byte(10) {
		t['0'+i] = i
	}
	for i := range byte(6) {
		t['a'+i], t['A'+i] = 10+i, 10+i
	}
	return t
}
