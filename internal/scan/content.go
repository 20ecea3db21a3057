package scan

import (
	"bytes"
	"fmt"
	"io"
)

// Content is what an entry holds. Bytes is set for Whole, and for Stream where
// the entry was small enough to be held; else only the reader gives it.
type Content struct {
	size   int64
	data   []byte
	stream io.Reader // nil where data holds it all
}

// NewContent holds data; for tests of passes and for callers that have the bytes.
func NewContent(data []byte) *Content {
	return &Content{size: int64(len(data)), data: data}
}

// NewStream is content that can be read once, of the size that is claimed.
func NewStream(r io.Reader, size int64) *Content {
	return &Content{size: size, stream: r}
}

// Size is the size in bytes; of a stream what the entry claims.
func (c *Content) Size() int64 { return c.size }

// Bytes gives the whole content, shared and read-only; nil for a stream that is
// not held in memory, never for Whole.
func (c *Content) Bytes() []byte {
	if c.stream != nil {
		return nil
	}
	if c.data == nil {
		return []byte{}
	}
	return c.data
}

// Reader gives the content from the front. Of a stream it can be read once.
func (c *Content) Reader() io.Reader {
	if c.stream != nil {
		return c.stream
	}
	return bytes.NewReader(c.data)
}

// ReaderAt gives random access; nil for a stream that is not held in memory.
func (c *Content) ReaderAt() io.ReaderAt {
	if c.stream != nil {
		return nil
	}
	return bytes.NewReader(c.data)
}

// capped reads at most max bytes and fails with ErrTooLarge at the next one.
type capped struct {
	r    io.Reader
	left int64
	max  int64
}

func (c *capped) Read(p []byte) (int, error) {
	if int64(len(p)) > c.left+1 {
		p = p[:c.left+1]
	}
	n, err := c.r.Read(p)
	if int64(n) > c.left {
		return int(c.left), tooLarge(c.max)
	}
	c.left -= int64(n)
	return n, err
}

func tooLarge(max int64) error {
	return fmt.Errorf("%w: more than %d bytes", ErrTooLarge, max)
}
