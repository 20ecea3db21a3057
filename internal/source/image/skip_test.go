package image

import (
	"errors"
	"io"
	"testing"
)

func TestSkipping(t *testing.T) {
	const text = "0123456789abcdef"
	for _, test := range []struct {
		name   string
		offset int64
		whence int
		at     int64
		err    error
	}{
		{"nowhere tells the place", 0, io.SeekCurrent, 2, nil},
		{"forward", 5, io.SeekCurrent, 7, nil},
		{"to the end", 14, io.SeekCurrent, 16, nil},
		{"behind the end", 15, io.SeekCurrent, 16, io.ErrUnexpectedEOF},
		{"backward", -1, io.SeekCurrent, 2, errSeek},
		{"from the start", 0, io.SeekStart, 2, errSeek},
		{"from the end", 0, io.SeekEnd, 2, errSeek},
	} {
		t.Run(test.name, func(t *testing.T) {
			left := text
			s := &skipping{next: func() ([]byte, error) { // three bytes at a time, the last ones with the end
				piece := left[:min(3, len(left))]
				if left = left[len(piece):]; left == "" {
					return []byte(piece), io.EOF
				}
				return []byte(piece), nil
			}}
			if _, err := io.ReadFull(s, make([]byte, 2)); err != nil {
				t.Fatal(err)
			}
			at, err := s.Seek(test.offset, test.whence)
			if at != test.at || !errors.Is(err, test.err) {
				t.Errorf("Seek: %d, %v, want %d, %v", at, err, test.at, test.err)
			}
			rest, err := io.ReadAll(s)
			if string(rest) != text[test.at:] || err != nil {
				t.Errorf("then read %q, %v, want %q", rest, err, text[test.at:])
			}
			if err := s.drain(); err != nil {
				t.Errorf("drained: %v", err)
			}
		})
	}
}
