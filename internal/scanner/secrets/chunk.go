package secrets

import (
	"bytes"
	"errors"
	"io"
)

// sizes are how a long text is cut. Each window owns a region of about own bytes
// and shows more on both sides, so that what stands across a border is seen whole,
// by the window that owns its first byte.
type sizes struct {
	own   int // a region is at least so long
	slack int // and ends within so many bytes more, at a blank line if there is one
	left  int // context before the region
	right int // and behind it
	reach int // how much farther the context goes to find the end of a line
	ahead int // how far behind the region a window can be extended
}

// chunkSizes follow the engine, which cuts at 100,000 to 125,000 bytes: what it
// sees in one piece, an extended window shows in one piece.
var chunkSizes = sizes{own: 100_000, slack: 25_000, left: 4096, right: 8192, reach: 32_768, ahead: 131_072}

// window is a part of a text.
type window struct {
	// text is what is looked at; ownFrom and ownTo are the region in it.
	text           []byte
	ownFrom, ownTo int
	// wide is text and what follows it, as far as the window can be extended.
	wide []byte
	// at is the offset of text in the whole; line and column count from 0.
	at           int64
	line, column int
}

// chunker cuts a text into windows, one after the other. Of a stream it holds
// what a window needs, of a text in memory nothing but the text.
type chunker struct {
	size sizes
	src  io.Reader // nil where buf is all of it
	buf  []byte
	base int64 // offset of buf[0]
	line int   // number of the line at buf[0]
	// lineStart and runStart are the offsets, before buf[0] or at it, where its
	// line and its run of base64 begin.
	lineStart, runStart int64
	own                 int // in buf: where the next region begins
	err                 error
}

func newChunker(text []byte, size sizes) *chunker {
	return &chunker{size: size, buf: text, err: io.EOF}
}

func newStreamChunker(r io.Reader, size sizes) *chunker {
	return &chunker{size: size, src: r}
}

// next gives the next window; io.EOF when there is none. At another error what
// was read before it has been given already. A window is valid until the next.
func (c *chunker) next() (window, error) {
	c.slide()
	c.fill()
	if c.own >= len(c.buf) {
		return window{}, c.err
	}
	from, to := c.own, c.cut()
	lo, hi := c.leftEdge(from), c.rightEdge(to)
	w := window{
		text: c.buf[lo:hi], ownFrom: from - lo, ownTo: to - lo,
		wide: c.buf[lo:max(hi, min(len(c.buf), to+c.size.ahead))],
		at:   c.base + int64(lo),
		line: c.line + bytes.Count(c.buf[:lo], newline),
	}
	w.column = int(w.at - c.startOfLine(lo))
	c.own = to
	return w, nil
}

var newline = []byte{'\n'}

// slide drops what no later window needs.
func (c *chunker) slide() {
	drop := c.own - c.size.left - c.size.reach
	if drop <= 0 || (c.src != nil && drop < c.size.own/2) {
		return
	}
	c.lineStart, c.runStart = c.startOfLine(drop), c.startOfRun(drop)
	c.line += bytes.Count(c.buf[:drop], newline)
	c.base += int64(drop)
	c.own -= drop
	if c.src == nil {
		c.buf = c.buf[drop:]
		return
	}
	c.buf = c.buf[:copy(c.buf, c.buf[drop:])]
}

// fill reads until the buffer holds the next region and all that can be shown
// behind it.
func (c *chunker) fill() {
	want := c.own + c.size.own + c.size.slack + max(c.size.ahead, c.size.right+c.size.reach)
	if c.err != nil || len(c.buf) >= want {
		return
	}
	if cap(c.buf) < want {
		grown := make([]byte, len(c.buf), want+c.size.own)
		copy(grown, c.buf)
		c.buf = grown
	}
	n, err := io.ReadFull(c.src, c.buf[len(c.buf):want])
	c.buf = c.buf[:len(c.buf)+n]
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = io.EOF
	}
	c.err = err
}

// cut finds where the region ends: behind a blank line, else a line, else a word.
func (c *chunker) cut() int {
	first := c.own + c.size.own
	last := min(first+c.size.slack, len(c.buf))
	if first >= len(c.buf) {
		return len(c.buf)
	}
	zone := c.buf[first:last]
	if i := bytes.Index(zone, []byte("\n\n")); i >= 0 {
		return first + i + 2
	}
	if i := bytes.IndexByte(zone, '\n'); i >= 0 {
		return first + i + 1
	}
	if i := bytes.IndexAny(zone, " \t\r"); i >= 0 {
		return first + i + 1
	}
	return last
}

// leftEdge finds where a window begins: at a line, else a word. Where there is
// neither, it keeps in step with the groups of four of a long run of base64.
func (c *chunker) leftEdge(from int) int {
	edge := from - c.size.left
	if edge <= 0 {
		return 0
	}
	zone := c.buf[max(0, edge-c.size.reach):edge]
	if i := bytes.LastIndexByte(zone, '\n'); i >= 0 {
		return edge - len(zone) + i + 1
	}
	if i := bytes.LastIndexAny(zone, " \t\r"); i >= 0 {
		return edge - len(zone) + i + 1
	}
	return max(0, edge-c.step(edge))
}

// rightEdge finds where a window ends, likewise.
func (c *chunker) rightEdge(to int) int {
	edge := to + c.size.right
	if edge >= len(c.buf) {
		return len(c.buf)
	}
	zone := c.buf[edge:min(edge+c.size.reach, len(c.buf))]
	if i := bytes.IndexByte(zone, '\n'); i >= 0 {
		return edge + i + 1
	}
	if i := bytes.IndexAny(zone, " \t\r"); i >= 0 {
		return edge + i + 1
	}
	end := edge + len(zone)
	if end == len(c.buf) {
		return end
	}
	return max(to, end-c.step(end))
}

// step is how far an index is past a group of four of its run.
func (c *chunker) step(i int) int {
	return int((c.base + int64(i) - c.startOfRun(i)) % 4)
}

// startOfLine gives the offset at which the line of buf[i] begins.
func (c *chunker) startOfLine(i int) int64 {
	if n := bytes.LastIndexByte(c.buf[:i], '\n'); n >= 0 {
		return c.base + int64(n) + 1
	}
	return c.lineStart
}

// startOfRun gives the offset at which the run of base64 up to buf[i] begins.
func (c *chunker) startOfRun(i int) int64 {
	for n := i; n > 0; n-- {
		if !inRun[c.buf[n-1]] {
			return c.base + int64(n)
		}
	}
	return c.runStart
}
