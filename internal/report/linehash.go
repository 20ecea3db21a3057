package report

import (
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// What GitHub's own action computes for primaryLocationLineHash: of every line a
// polynomial of base hashBase, modulo 2^64, over the hashBlock characters that
// follow its start, blanks and tabs left out.
const (
	hashBlock = 100
	hashBase  = 37
	// hashEnd stands behind the last character of a file; zeros follow.
	hashEnd = 0xffff
)

// LineHashes gives the primaryLocationLineHash of each of the lines asked for, by
// line, as GitHub's own action computes it from a file
// (https://docs.github.com/code-security/code-scanning/integrating-with-code-scanning/sarif-support-for-code-scanning).
// Lines end in CR, LF or both; a line that the file does not have gets none.
func LineHashes(content []byte, lines map[int]bool) map[int]string {
	h := &lineHasher{wanted: lines, hashes: make(map[int]string, len(lines)), seen: make(map[uint64]int), fresh: true, top: 1}
	for range hashBlock {
		h.top *= hashBase
	}
	for rest := content; len(rest) > 0; {
		r, size := decodeRune(rest)
		rest = rest[size:]
		if first, second := utf16.EncodeRune(r); first != utf8.RuneError {
			h.character(uint16(first))
			h.character(uint16(second))
		} else {
			h.character(uint16(r))
		}
	}
	h.character(hashEnd)
	for range hashBlock {
		h.shift(0)
	}
	return h.hashes
}

// decodeRune decodes UTF-8 as browsers do: of bytes that are none, as many as could
// begin a rune become one U+FFFD. Go's own makes one of each.
func decodeRune(b []byte) (rune, int) {
	r, size := utf8.DecodeRune(b)
	if r != utf8.RuneError || size != 1 {
		return r, size
	}
	for size < min(len(b), utf8.UTFMax-1) && !utf8.FullRune(b[:size]) && !utf8.RuneStart(b[size]) {
		if utf8.FullRune(b[:size+1]) && !utf8.Valid(b[:size+1]) {
			break
		}
		size++
	}
	return utf8.RuneError, size
}

// lineHasher rolls a window over the characters of a file. A line's hash is due
// when the window starts where the line does.
type lineHasher struct {
	wanted map[int]bool
	hashes map[int]string
	// seen counts how often a hash came before: lines that look alike are counted.
	seen   map[uint64]int
	window [hashBlock]uint16
	starts [hashBlock]int // the line that starts at a place of the window, or 0
	at     int
	sum    uint64
	top    uint64 // what the character that leaves the window was multiplied with
	line   int
	fresh  bool // the next character starts a line
	wasCR  bool
}

func (h *lineHasher) character(c uint16) {
	if c == ' ' || c == '\t' || c == '\n' && h.wasCR {
		h.wasCR = false
		return
	}
	if h.wasCR = c == '\r'; h.wasCR {
		c = '\n'
	}
	start := 0
	if h.fresh {
		h.line++
		start = h.line
	}
	h.fresh = c == '\n'
	h.shift(c)
	h.starts[(h.at+hashBlock-1)%hashBlock] = start
}

// shift takes a character in, after the line that it pushes out got its hash.
func (h *lineHasher) shift(c uint16) {
	if line := h.starts[h.at]; line > 0 {
		h.starts[h.at] = 0
		h.seen[h.sum]++
		if h.wanted[line] {
			h.hashes[line] = strconv.FormatUint(h.sum, 16) + ":" + strconv.Itoa(h.seen[h.sum])
		}
	}
	h.sum = h.sum*hashBase + uint64(c) - h.top*uint64(h.window[h.at])
	h.window[h.at] = c
	h.at = (h.at + 1) % hashBlock
}
