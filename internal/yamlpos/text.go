package yamlpos

import (
	"bytes"
	"fmt"
	"math"
	"strings"
	"unicode/utf8"
)

// text is the document as it was given, for excerpts.
type text struct {
	file string
	data []byte
	// starts are where the lines begin, as far as check has come.
	starts []int
}

// excerptWidth is how much of a line an excerpt shows, in characters.
const excerptWidth = 76

// check finds what no parser should see: too much, or bytes that are no text. It
// notes where lines begin.
func (t *text) check(limits Limits) (Error, bool) {
	t.starts = []int{0}
	if len(t.data) > limits.Bytes {
		return Error{
			File: t.file, Line: 1, Col: 1,
			Msg: fmt.Sprintf("the file has %d bytes, more than the %d allowed", len(t.data), limits.Bytes),
		}, false
	}
	items := 0
	for i := 0; i < len(t.data); {
		r, size := utf8.DecodeRune(t.data[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			return t.here(i, fmt.Sprintf("byte 0x%02x is not UTF-8", t.data[i]), "save the file as UTF-8"), false
		case !printable(r):
			return t.here(i, fmt.Sprintf("character %U is not allowed", r), `take it out, or write it as an escape in "double quotes"`), false
		case r == '\n', r == '\r' && t.next(i) != '\n':
			t.starts = append(t.starts, i+1)
			items++
		case r == ',' || r == ':' || r == '[' || r == '{', (r == '-' || r == '?') && t.next(i) == ' ':
			items++
		}
		if items > limits.Items {
			return t.here(i, fmt.Sprintf("more than %d values", limits.Items), "split it up"), false
		}
		i += size
	}
	return Error{}, true
}

// next is the byte after i; 0 at the end.
func (t *text) next(i int) byte {
	if i+1 < len(t.data) {
		return t.data[i+1]
	}
	return 0
}

// here makes an error at an offset in the line that check has come to.
func (t *text) here(offset int, msg, hint string) Error {
	line := len(t.starts)
	if start := t.starts[line-1]; start <= offset {
		return t.at(line, 1+utf8.RuneCount(t.data[start:offset]), msg, hint)
	}
	return t.at(line, 1, msg, hint)
}

// printable is YAML's c-printable (https://yaml.org/spec/1.2.2/#51-character-set)
// without the Unicode line breaks, by which editors and parsers count lines
// differently, and without what makes text read in another order than it stands.
func printable(r rune) bool {
	switch {
	case r == '\t' || r == '\n' || r == '\r':
		return true
	case r < 0x20 || r >= 0x7f && r < 0xa0:
		return false
	case r == 0x2028 || r == 0x2029 || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069:
		return false
	}
	return r < 0xfffe || r >= 0x10000
}

// line gives a line's text, counted from 1; nil beyond the last.
func (t *text) line(n int) []byte {
	if n > len(t.starts) {
		return nil
	}
	line := t.data[t.starts[n-1]:]
	if i := bytes.IndexAny(line, "\r\n"); i >= 0 {
		line = line[:i]
	}
	return line
}

// at makes an error with its excerpt. A position that the text does not have, as
// parsers give for its end, is moved to the nearest that it has.
func (t *text) at(line, col int, msg, hint string) Error {
	line, col = max(line, 1), max(col, 1)
	for line > 1 && len(t.line(line)) == 0 {
		line, col = min(line-1, len(t.starts)), math.MaxInt
	}
	shown := t.line(line)
	col = min(col, utf8.RuneCount(shown)+1)
	return Error{File: t.file, Line: line, Col: col, Msg: msg, Hint: hint, Excerpt: excerpt(shown, line, col)}
}

// visible keeps an excerpt from moving the terminal's cursor.
func visible(r rune) rune {
	switch {
	case r == '\t':
		return ' '
	case !printable(r):
		return utf8.RuneError
	}
	return r
}

// excerpt is a window of a line around a column, and a caret below it.
func excerpt(line []byte, number, col int) string {
	from := 0
	if col > excerptWidth*2/3 && utf8.RuneCount(line) > excerptWidth {
		from = col - excerptWidth/2
	}
	rest := skip(line, from)
	shown, cut := take(rest, excerptWidth)
	shown = wholeWords(shown, from > 0 && !endsInSpace(line[:len(line)-len(rest)]), cut && !beginsInSpace(skip(rest, excerptWidth)))
	if strings.TrimSpace(shown) == "" {
		return ""
	}
	before, after := "", ""
	if from > 0 {
		before = "…"
		from--
	}
	if cut {
		after = "…"
	}
	head := fmt.Sprintf("  %d | ", number)
	pad := strings.Repeat(" ", len(head)-2) + "| " + strings.Repeat(" ", col-1-from)
	return head + before + strings.TrimRight(shown, " ") + after + "\n" + pad + "^"
}

// wholeWords covers the words at the ends of a window that the window cuts: half of a
// secret is no secret to whoever masks the excerpt later. The width stays.
func wholeWords(shown string, before, after bool) string {
	r := []rune(shown)
	for i := 0; before && i < len(r) && r[i] != ' '; i++ {
		r[i] = '…'
	}
	for i := len(r) - 1; after && i >= 0 && r[i] != ' '; i-- {
		r[i] = '…'
	}
	return string(r)
}

func endsInSpace(text []byte) bool {
	return len(text) > 0 && (text[len(text)-1] == ' ' || text[len(text)-1] == '\t')
}

func beginsInSpace(text []byte) bool {
	return len(text) > 0 && (text[0] == ' ' || text[0] == '\t')
}

// skip leaves the first n characters out.
func skip(line []byte, n int) []byte {
	for ; n > 0 && len(line) > 0; n-- {
		_, size := utf8.DecodeRune(line)
		line = line[size:]
	}
	return line
}

// take gives the first n characters, and whether there are more.
func take(line []byte, n int) (string, bool) {
	var b strings.Builder
	for ; n > 0 && len(line) > 0; n-- {
		r, size := utf8.DecodeRune(line)
		b.WriteRune(visible(r))
		line = line[size:]
	}
	return b.String(), len(line) > 0
}
