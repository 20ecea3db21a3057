package secrets

import (
	"bytes"
	"errors"
	"io"
)

// sizes are how a long text is taken piece by piece.
type sizes struct {
	own   int // a region is at least so long, if the text is
	left  int // what is shown before it
	ahead int // what is shown behind it
}

// regionSizes bound what is held of a stream. What is longer than ahead and stands
// across the end of a fragment is not seen whole.
var regionSizes = sizes{own: 512 << 10, left: 8 << 10, ahead: 128 << 10}

// window is a part of a text: a region of whole fragments, and what stands around
// it.
type window struct {
	text           string
	ownFrom, ownTo int
	// cuts are the ends of the fragments in the region, the last one ownTo.
	cuts []int
	// at is the offset of text in the whole; line and column count from 0.
	at           int64
	line, column int
	// unbound says that where words begin is not to be told from the text.
	unbound bool
}

// chunker cuts a text into windows, one after the other. Of a stream it holds
// what a window needs, of a text in memory nothing but the text.
type chunker struct {
	size sizes
	src  io.Reader // nil where buf is all of it
	buf  []byte
	// whole says that the text is one fragment, however long.
	whole     bool
	fragments fragmenter
	base      int64 // offset of buf[0]
	line      int   // number of the line at buf[0]
	lineStart int64 // where that line begins, before buf[0] or at it
	own       int   // in buf: where the next region begins
	err       error
}

func newChunker(text []byte, size sizes) *chunker {
	return &chunker{size: size, buf: text, err: io.EOF}
}

// newHunk takes a text that the engine does not cut.
func newHunk(text []byte) *chunker {
	return &chunker{size: regionSizes, buf: text, whole: true, err: io.EOF}
}

func newStreamChunker(r io.Reader, size sizes) *chunker {
	return &chunker{size: size, src: r}
}

// next gives the next window; io.EOF when there is none. At another error what
// was read before it has been given already.
func (c *chunker) next() (window, error) {
	c.slide()
	c.fill()
	if c.own >= len(c.buf) {
		return window{}, c.err
	}
	lo := max(0, c.own-c.size.left)
	cuts := c.cut()
	to := cuts[len(cuts)-1]
	hi := min(len(c.buf), to+c.size.ahead)
	for i := range cuts {
		cuts[i] -= lo
	}
	w := window{
		text: string(c.buf[lo:hi]), ownFrom: c.own - lo, ownTo: to - lo, cuts: cuts,
		at:   c.base + int64(lo),
		line: c.line + bytes.Count(c.buf[:lo], newline),
	}
	w.column = int(w.at - c.startOfLine(lo))
	c.own = to
	return w, nil
}

var newline = []byte{'\n'}

// cut gives the ends of the next region's fragments.
func (c *chunker) cut() []int {
	if c.whole {
		return []int{len(c.buf)}
	}
	var cuts []int
	for pos := c.own; pos < len(c.buf) && pos-c.own < c.size.own; {
		pos = c.fragments.next(c.buf, pos)
		cuts = append(cuts, pos)
	}
	return cuts
}

// slide drops what no later window needs.
func (c *chunker) slide() {
	drop := c.own - c.size.left
	if drop <= 0 || (c.src != nil && drop < c.size.own/2) {
		return
	}
	c.lineStart = c.startOfLine(drop)
	c.line += bytes.Count(c.buf[:drop], newline)
	c.base += int64(drop)
	c.own -= drop
	if c.src == nil {
		c.buf = c.buf[drop:]
		return
	}
	c.buf = c.buf[:copy(c.buf, c.buf[drop:])]
}

// fill reads until the buffer holds the next region, however its last fragment
// ends, and all that is shown behind it.
func (c *chunker) fill() {
	want := c.own + c.size.own + maxFragment + max(maxFragment+readAhead, c.size.ahead)
	for c.err == nil && len(c.buf) < want {
		if cap(c.buf) < want {
			// A short text does not need all that room.
			grown := make([]byte, len(c.buf), min(want, 4*cap(c.buf)+64<<10))
			copy(grown, c.buf)
			c.buf = grown
		}
		n, err := io.ReadFull(c.src, c.buf[len(c.buf):min(want, cap(c.buf))])
		c.buf = c.buf[:len(c.buf)+n]
		if errors.Is(err, io.ErrUnexpectedEOF) {
			err = io.EOF
		}
		c.err = err
	}
}

// startOfLine gives the offset at which the line of buf[i] begins.
func (c *chunker) startOfLine(i int) int64 {
	if n := bytes.LastIndexByte(c.buf[:i], '\n'); n >= 0 {
		return c.base + int64(n) + 1
	}
	return c.lineStart
}
