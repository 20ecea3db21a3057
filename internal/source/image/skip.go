package image

import (
	"bufio"
	"errors"
	"io"
)

// skipping is a buffered stream that package tar can seek forward in: what nobody
// wants to read is then not copied out of the buffer.
type skipping struct {
	r  *bufio.Reader
	at int64
}

// Read implements io.Reader.
func (s *skipping) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	s.at += int64(n)
	return n, err
}

var errSeek = errors.New("a stream can only be skipped forward")

// Seek implements io.Seeker, forward from where the stream is. A stream that ends
// before is broken.
func (s *skipping) Seek(offset int64, whence int) (int64, error) {
	if whence != io.SeekCurrent || offset < 0 {
		return s.at, errSeek
	}
	const step = 1 << 30 // an int has 32 bits on some systems
	for offset > 0 {
		n, err := s.r.Discard(int(min(offset, step)))
		s.at += int64(n)
		offset -= int64(n)
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return s.at, err
		}
	}
	return s.at, nil
}
