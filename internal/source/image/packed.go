package image

import (
	"bufio"
	"context"
	"io"
	"os"
	"sync"
)

// packed reads a compressed archive. There is no seeking in one: to reach a file
// everything before it is unpacked. Streams that have come to the end of a file
// wait for another one behind it, so that layers read in the order in which they
// are stored cost one pass.
type packed struct {
	file *os.File
	size int64
	opt  Options

	mu     sync.Mutex
	idle   []*packedStream
	closed bool
}

// maxIdle is how many streams wait.
const maxIdle = 4

// packedStream is one pass over the archive.
type packedStream struct {
	guard *guard
	stop  func()
	buf   *bufio.Reader
	pos   int64
}

// start begins a pass at the front.
func (p *packed) start(ctx context.Context) (*packedStream, error) {
	raw := &counting{r: io.NewSectionReader(p.file, 0, p.size)}
	d, err := decompress(bufio.NewReaderSize(raw, bufferSize))
	if err != nil {
		return nil, err
	}
	g := newGuard(ctx, d, raw, p.opt)
	return &packedStream{guard: g, stop: d.close, buf: bufio.NewReaderSize(g.reader(), bufferSize)}, nil
}

func (s *packedStream) Read(b []byte) (int, error) {
	n, err := s.buf.Read(b)
	s.pos += int64(n)
	return n, err
}

func (s *packedStream) offset() int64 { return s.pos }

// Close ends the pass.
func (s *packedStream) Close() error {
	s.stop()
	return nil
}

// open gives size bytes at offset of the unpacked archive.
func (p *packed) open(ctx context.Context, offset, size int64) (io.ReadCloser, error) {
	s := p.take(offset)
	if s == nil {
		var err error
		if s, err = p.start(ctx); err != nil {
			return nil, err
		}
	}
	s.guard.ctx = ctx
	if _, err := io.CopyN(io.Discard, s, offset-s.pos); err != nil {
		s.Close() //nolint:errcheck // only read from
		return nil, err
	}
	return &packedFile{Reader: io.LimitReader(s, size), packed: p, stream: s}, nil
}

// take gives the waiting stream that is nearest before offset.
func (p *packed) take(offset int64) *packedStream {
	p.mu.Lock()
	defer p.mu.Unlock()
	best := -1
	for i, s := range p.idle {
		if s.pos <= offset && (best < 0 || s.pos > p.idle[best].pos) {
			best = i
		}
	}
	if best < 0 {
		return nil
	}
	s := p.idle[best]
	p.idle = append(p.idle[:best], p.idle[best+1:]...)
	return s
}

// give lets a stream wait.
func (p *packed) give(s *packedStream) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		s.Close() //nolint:errcheck // only read from
		return
	}
	p.idle = append(p.idle, s)
	if len(p.idle) > maxIdle {
		p.idle[0].Close() //nolint:errcheck // only read from
		p.idle = p.idle[1:]
	}
}

func (p *packed) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	for _, s := range p.idle {
		s.Close() //nolint:errcheck // only read from
	}
	p.idle = nil
}

// packedFile is a file of the archive.
type packedFile struct {
	io.Reader
	packed *packed
	stream *packedStream
}

// Close lets the stream wait for the next file.
func (f *packedFile) Close() error {
	if f.stream != nil {
		f.packed.give(f.stream)
		f.stream = nil
	}
	return nil
}
