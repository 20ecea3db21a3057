package secrets

import "strings"

// mayDecode says whether the engine's decoder could find anything to decode in a
// text: percent, unicode, hexadecimal or base64. It errs on the side of yes. Most
// text has none, and the decoder's own search for it costs a quarter of a scan.
func mayDecode(text string) bool {
	if strings.Contains(text, "U+") || hasUnicodeEscape(text) || hasPercent(text) {
		return true
	}
	for i := 0; i < len(text); {
		if !inRun[text[i]] {
			i++
			continue
		}
		end := i + 1
		for end < len(text) && inRun[text[end]] {
			end++
		}
		if end-i >= shortestRun && runDecodes(text[i:end]) {
			return true
		}
		i = end
	}
	return false
}

// The decoder looks at runs of these lengths: of base64 characters, of
// hexadecimal digits.
const (
	shortestRun = 16
	shortestHex = 32
)

func hasUnicodeEscape(text string) bool {
	for {
		i := strings.IndexByte(text, '\\')
		if i < 0 || i+1 >= len(text) {
			return false
		}
		if c := text[i+1]; c == 'u' || c == 'U' {
			return true
		}
		text = text[i+1:]
	}
}

// hasPercent finds %HH. One that stands for an unprintable byte makes the decoder
// give up on it; it counts only where it cuts a run of base64 short.
func hasPercent(text string) bool {
	for {
		i := strings.IndexByte(text, '%')
		if i < 0 || i+2 >= len(text) {
			return false
		}
		hi, lo := hexValue[text[i+1]], hexValue[text[i+2]]
		if hi < 16 && lo < 16 {
			if printable(hi<<4 | lo) {
				return true
			}
			if j := i + 1; j+shortestRun <= len(text) && allInRun(text[j:j+shortestRun]) {
				return true
			}
		}
		text = text[i+1:]
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
	return base64Printable(run)
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
