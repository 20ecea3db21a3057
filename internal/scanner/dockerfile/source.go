package dockerfile

import (
	"bytes"
	"slices"
	"sort"
)

// span is a region of the source in byte offsets, end exclusive.
type span struct{ start, end int }

// position is a place as people count: from 1, columns in bytes.
type position struct{ line, column int }

// source is the text of one file.
type source struct {
	data []byte
	// starts holds the offset of each line's first byte.
	starts []int
}

func newSource(data []byte) *source {
	s := &source{data: data, starts: make([]int, 1, bytes.Count(data, []byte("\n"))+1)}
	for i := 0; ; {
		n := bytes.IndexByte(data[i:], '\n')
		if n < 0 || i+n+1 == len(data) {
			return s
		}
		i += n + 1
		s.starts = append(s.starts, i)
	}
}

// truncate forgets all from a byte on at which a line begins.
func (s *source) truncate(end int) {
	s.data = s.data[:end]
	s.starts = s.starts[:max(1, sort.SearchInts(s.starts, end))]
}

// lines is how many lines there are; a final newline starts no line.
func (s *source) lines() int {
	if len(s.data) == 0 {
		return 0
	}
	return len(s.starts)
}

// line gives the region of line i, counted from 0, with its newline.
func (s *source) line(i int) span {
	if i+1 < len(s.starts) {
		return span{s.starts[i], s.starts[i+1]}
	}
	return span{s.starts[i], len(s.data)}
}

// position turns an offset into a line and column.
func (s *source) position(offset int) position {
	line := sort.Search(len(s.starts), func(i int) bool { return s.starts[i] > offset })
	return position{line, offset - s.starts[line-1] + 1}
}

// text gives a region as it is written.
func (s *source) text(r span) string { return string(s.data[r.start:r.end]) }

// mapped is text put together from pieces of the source: an instruction without
// its continuations, a script out of a heredoc. It knows where each byte is from.
type mapped struct {
	text   string
	pieces []piece
}

// piece says that from at on, the text comes from the source's offset onwards.
type piece struct{ at, offset int }

// offset gives the place in the source of byte i; of the text's end the place
// behind its last byte.
func (m *mapped) offset(i int) int {
	n, found := slices.BinarySearchFunc(m.pieces, i, func(p piece, i int) int { return p.at - i })
	if !found {
		n--
	}
	if n < 0 {
		return 0
	}
	// Several pieces begin at one place where those between are empty: the last
	// one holds the byte.
	for n+1 < len(m.pieces) && m.pieces[n+1].at == i {
		n++
	}
	return m.pieces[n].offset + i - m.pieces[n].at
}

// span gives the region of the source from byte i up to byte j. Where the text
// goes over several pieces, so does the region, with what stands between them.
func (m *mapped) span(i, j int) span {
	if j <= i {
		return span{m.offset(i), m.offset(i)}
	}
	return span{m.offset(i), m.offset(j-1) + 1}
}

// sub gives the text from byte i up to byte j, still mapped.
func (m *mapped) sub(i, j int) mapped {
	out := mapped{text: m.text[i:j], pieces: []piece{{0, m.offset(i)}}}
	for _, p := range m.pieces {
		if p.at > i && p.at < j {
			out.pieces = append(out.pieces, piece{p.at - i, p.offset})
		}
	}
	return out
}

// builder puts mapped text together.
type builder struct {
	text   []byte
	pieces []piece
}

// add appends text that stands at offset in the source.
func (b *builder) add(text []byte, offset int) {
	if len(text) == 0 && len(b.pieces) > 0 {
		return
	}
	if n := len(b.pieces); n > 0 && b.pieces[n-1].at == len(b.text) {
		b.pieces[n-1].offset = offset // what was there is empty
	} else {
		b.pieces = append(b.pieces, piece{len(b.text), offset})
	}
	b.text = append(b.text, text...)
}

func (b *builder) mapped() mapped { return mapped{string(b.text), b.pieces} }
