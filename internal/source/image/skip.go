package image

import (
	"errors"
	"io"
)

// skipping is the unpacked content of a layer, in pieces that stay where they were
// unpacked. What nobody wants to read is not copied: package tar seeks over it.
type skipping struct {
	// next gives the next piece, valid until it is called again.
	next  func() ([]byte, error)
	piece []byte
	at    int64
	err   error
}

// more gets a piece where there is none left.
func (s *skipping) more() error {
	for len(s.piece) == 0 && s.err == nil {
		s.piece, s.err = s.next()
	}
	if len(s.piece) > 0 {
		return nil
	}
	return s.err
}

// Read implements io.Reader.
func (s *skipping) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	if err := s.more(); err != nil {
		return 0, err
	}
	n := copy(p, s.piece)
	s.piece = s.piece[n:]
	s.at += int64(n)
	return n, nil
}

var errSeek = errors.New("a stream can only be skipped forward")

// Seek implements io.Seeker, forward from where the stream is. A stream that ends
// before is broken.
func (s *skipping) Seek(offset int64, whence int) (int64, error) {
	if whence != io.SeekCurrent || offset < 0 {
		return s.at, errSeek
	}
	for offset > 0 {
		if err := s.more(); err != nil {
			if errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			return s.at, err
		}
		n := min(offset, int64(len(s.piece)))
		s.piece = s.piece[n:]
		s.at += n
		offset -= n
	}
	return s.at, nil
}

// drain reads to the end.
func (s *skipping) drain() error {
	for {
		s.piece = nil
		if err := s.more(); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
	}
}
