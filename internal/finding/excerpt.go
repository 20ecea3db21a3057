package finding

import (
	"strings"
	"unicode/utf8"
)

const (
	// maxLine is the longest line of which an excerpt is made, in bytes: to show a part
	// of it the whole of it has to be masked.
	maxLine = 1000
	// maxExcerpt is how much of a line is shown, in bytes, and excerptLead how much of
	// that before the finding.
	maxExcerpt  = 160
	excerptLead = 60
)

// Excerpt is the finding's first line as the scanner read it: nobody reads a file again
// to show it. Of a secret it is the name before it and its mask, and no more. It is as
// hostile as what was scanned.
type Excerpt struct {
	// Text is the line without its indentation, or the part of it around the finding.
	Text string `json:"text"`
	// StartColumn and EndColumn are the finding's region in Text, in bytes from 1, the
	// end behind the last one; 0 where what was masked left nothing to point at.
	StartColumn int `json:"startColumn,omitempty"`
	EndColumn   int `json:"endColumn,omitempty"`

	// Above is the line above, which tells what a value is that stands on a line of its
	// own. It is for the mask: spent by Seal and never written.
	Above string `json:"-"`
}

// NewExcerpt shows of a line the bytes from start to end, counted from 0; what is
// behind the line's end is left out. It is nil where the line is empty or too long.
func NewExcerpt(line string, start, end int, above string) *Excerpt {
	line = plainBytes(line)
	whole := len(line)
	if line = strings.TrimLeft(line, " "); len(line) == 0 || len(line) > maxLine {
		return nil
	}
	indent := whole - len(line)
	line = strings.TrimRight(line, " ")
	x := &Excerpt{Text: line}
	x.point(start-indent, end-indent)
	if len(above) <= maxLine {
		x.Above = strings.TrimRight(plainBytes(above), " ")
	}
	return x
}

// plainBytes makes spaces of tabs and line breaks, and "?" of what is no UTF-8, so that
// every byte keeps its column.
func plainBytes(s string) string {
	b := []byte(s)
	for i := 0; i < len(b); {
		r, size := utf8.DecodeRune(b[i:])
		switch {
		case r == '\t' || r == '\n' || r == '\r':
			b[i] = ' '
		case r == utf8.RuneError && size == 1:
			b[i] = '?'
		}
		i += size
	}
	return string(b)
}

// point sets the region, within the text; an empty one is one byte long.
func (x *Excerpt) point(start, end int) {
	start = max(0, min(start, len(x.Text)-1))
	end = max(start+1, min(end, len(x.Text)))
	x.StartColumn, x.EndColumn = start+1, end+1
}

// Region gives the region in Text as offsets, on whole letters; false where there is
// none. What somebody else wrote down can say anything.
func (x *Excerpt) Region() (start, end int, ok bool) {
	start, end = x.StartColumn-1, x.EndColumn-1
	if start < 0 || end <= start || end > len(x.Text) {
		return 0, 0, false
	}
	for start > 0 && !utf8.RuneStart(x.Text[start]) {
		start--
	}
	for end < len(x.Text) && !utf8.RuneStart(x.Text[end]) {
		end++
	}
	return start, end, true
}

// masked gives a copy through mask, and of that the part that is shown.
func (x *Excerpt) masked(mask func(string) string) *Excerpt {
	if x == nil {
		return nil
	}
	text := mask(x.Text)
	if x.Above != "" {
		_, own, two := strings.Cut(mask(x.Above+"\n"+x.Text), "\n")
		switch {
		case !two: // one secret on both lines
			text = "…"
		case own != x.Text:
			text = mask(own)
		}
	}
	out := &Excerpt{Text: text}
	start, end, ok := x.Region()
	if start, end, ok = moved(x.Text, text, start, end, ok); ok {
		out.point(start, end)
	}
	out.cut()
	if out.Text == "" {
		return nil
	}
	return out
}

// moved finds a region of a text again in what a mask made of it; false where the mask
// covers one end of it.
func moved(before, after string, start, end int, ok bool) (from, to int, found bool) {
	if !ok || before == after {
		return start, end, ok
	}
	same := 0
	for same < min(len(before), len(after)) && before[same] == after[same] {
		same++
	}
	tail := 0
	for tail < min(len(before), len(after))-same && before[len(before)-1-tail] == after[len(after)-1-tail] {
		tail++
	}
	switch shift := len(after) - len(before); {
	case end <= same:
		return start, end, true
	case start >= len(before)-tail:
		return start + shift, end + shift, true
	case start <= same && end >= len(before)-tail: // the mask is in it
		return start, end + shift, true
	}
	return 0, 0, false
}

// cut keeps the part of a long text that is around the region.
func (x *Excerpt) cut() {
	if len(x.Text) <= maxExcerpt {
		return
	}
	start, end, ok := x.Region()
	from := 0
	if start+excerptLead > maxExcerpt || end > maxExcerpt {
		from = max(0, start-excerptLead)
	}
	to := min(len(x.Text), from+maxExcerpt)
	for from > 0 && !utf8.RuneStart(x.Text[from]) {
		from--
	}
	for to < len(x.Text) && !utf8.RuneStart(x.Text[to]) {
		to--
	}
	text, lead := x.Text[from:to], 0
	if to < len(x.Text) {
		text += "…"
	}
	if from > 0 {
		text, lead = "…"+text, len("…")
	}
	x.Text = text
	if ok {
		x.point(start-from+lead, min(end, to)-from+lead)
	}
}

// remembered is mask for lines, of which one after the other is often the same.
func remembered(mask func(string) string) func(string) string {
	const most = 64
	known := make(map[string]string, most)
	return func(s string) string {
		out, ok := known[s]
		if ok {
			return out
		}
		if len(known) == most {
			clear(known)
		}
		out = mask(s)
		known[s] = out
		return out
	}
}
