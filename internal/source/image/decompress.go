package image

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// The bounds of decompression.
const (
	bufferSize = 128 << 10
	headSize   = 512
	// maxWindow is what zstd may hold to look back; its own tool stops there
	// too unless told otherwise.
	maxWindow = 128 << 20
	// Deflate reaches 1,032:1 on a run of one byte and nothing else. What is
	// worse than bombRatio is nothing but filler; below bombFloor it is let
	// through, because such files exist (a lastlog with a large user id).
	bombRatio = 1000
	bombFloor = 4 << 30
)

// format is how bytes are packed.
type format uint8

const (
	formatPlain format = iota
	formatGzip
	formatZstd
	formatBzip2
	formatXz
)

var magics = []struct {
	format format
	magic  string
}{
	{formatGzip, "\x1f\x8b"},
	{formatZstd, "\x28\xb5\x2f\xfd"},
	{formatXz, "\xfd7zXZ\x00"},
	{formatBzip2, "BZh"},
}

// sniff tells by the first bytes how a layer or an archive is packed. Media types
// are not asked: they lie, and containerd does not ask them either.
func sniff(head []byte) format {
	for _, m := range magics {
		if bytes.HasPrefix(head, []byte(m.magic)) {
			return m.format
		}
	}
	// A zstd stream may begin with a skippable frame, 0x184D2A5? in little endian.
	if len(head) >= 4 && head[0]&0xf0 == 0x50 && string(head[1:4]) == "\x2a\x4d\x18" {
		return formatZstd
	}
	return formatPlain
}

// unpacked is a stream with its compression taken off, in pieces that are each valid
// until the next one is asked for.
type unpacked struct {
	pieces func() ([]byte, error)
	format format
	close  func()
}

// read gives what a reader reads in pieces.
func read(r io.Reader) func() ([]byte, error) {
	buf := make([]byte, bufferSize)
	return func() ([]byte, error) {
		n, err := r.Read(buf)
		return buf[:n], err
	}
}

// pulled gives what a decompressor writes, as it lies in its window: nothing is
// copied.
func pulled(from io.WriterTo) (next func() ([]byte, error), stop func()) {
	var failed error
	piece, stop := iter.Pull(func(yield func([]byte) bool) {
		_, failed = from.WriteTo(yielding(yield))
	})
	return func() ([]byte, error) {
		if p, ok := piece(); ok {
			return p, nil
		}
		if failed != nil {
			return nil, failed
		}
		return nil, io.EOF
	}, stop
}

// yielding is a writer that hands on what is written.
type yielding func([]byte) bool

var errEnough = errors.New("nobody reads on")

func (y yielding) Write(p []byte) (int, error) {
	if !y(p) {
		return 0, errEnough
	}
	return len(p), nil
}

// decompress takes off what compression there is. close is never nil.
func decompress(r *bufio.Reader) (*unpacked, error) {
	head, err := r.Peek(headSize)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	u := &unpacked{format: sniff(head), close: func() {}}
	switch u.format {
	case formatGzip:
		z, err := gzip.NewReader(r)
		if err != nil {
			return nil, unpackError(err)
		}
		u.pieces, u.close = pulled(z)
	case formatZstd:
		z, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxWindow))
		if err != nil {
			return nil, unpackError(err)
		}
		u.pieces, u.close = read(z), z.Close
	case formatBzip2:
		return nil, errors.New("compressed with bzip2, which is not supported: compress it with gzip or zstd")
	case formatXz:
		return nil, errors.New("compressed with xz, which is not supported: compress it with gzip or zstd")
	}
	if u.pieces == nil {
		u.pieces = read(r)
	}
	return u, nil
}

func unpackError(err error) error {
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return fmt.Errorf("unpacking: %w", err)
}

// counting counts what goes through.
type counting struct {
	r io.Reader
	n int64
}

func (c *counting) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

// guard bounds what comes out of a decompressor, and stops when the context ends.
type guard struct {
	ctx   context.Context //nolint:containedctx // of the read that goes on
	r     *unpacked
	raw   *counting
	out   int64
	max   int64
	floor int64
}

func newGuard(ctx context.Context, r *unpacked, raw *counting, opt Options) *guard {
	return &guard{ctx: ctx, r: r, raw: raw, max: opt.MaxUnpacked, floor: opt.bombFloor}
}

var errBomb = errors.New("decompression bomb")

// pieces are those of the stream, as far as they are let through.
func (g *guard) pieces() func() ([]byte, error) {
	next := g.r.pieces
	return func() ([]byte, error) {
		if err := g.ctx.Err(); err != nil {
			return nil, err
		}
		piece, err := next()
		return piece, g.admit(len(piece), err)
	}
}

// admit counts n more bytes, and says what is wrong with them.
func (g *guard) admit(n int, err error) error {
	g.out += int64(n)
	switch {
	case g.out > g.max:
		return fmt.Errorf("unpacks to more than %d bytes", g.max)
	case g.out > g.floor && g.out/bombRatio > g.raw.n:
		return fmt.Errorf("%w: %d bytes unpack to more than %d", errBomb, g.raw.n, g.out)
	case err != nil && !errors.Is(err, io.EOF) && g.r.format != formatPlain:
		return unpackError(err)
	}
	return err
}

// reader reads the pieces.
func (g *guard) reader() io.Reader { return &skipping{next: g.pieces()} }
