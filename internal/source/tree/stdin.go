package tree

import (
	"bytes"
	"context"
	"fmt"
	"io"

	"github.com/boltseal/boltseal/internal/scan"
)

// MaxStdin is how many bytes standard input may hold.
const MaxStdin = 64 << 20

// stdin is what comes in through a pipe, as one file.
type stdin struct {
	r io.Reader
}

// Stdin is a source of one file, called "-", read from r to its end when it is
// walked.
func Stdin(r io.Reader) scan.Source { return &stdin{r} }

func (s *stdin) Target() scan.Target { return scan.Target{Kind: scan.KindTree, Name: "-"} }
func (s *stdin) Close() error        { return nil }

func (s *stdin) Units() []scan.Unit {
	return []scan.Unit{{Name: "standard input", Walk: s.walk}}
}

func (s *stdin) walk(ctx context.Context, v scan.Visitor) error {
	type input struct {
		data []byte
		err  error
	}
	read := make(chan input, 1)
	go func() { // a terminal that nobody types into outlasts the context
		data, err := io.ReadAll(io.LimitReader(s.r, MaxStdin+1))
		read <- input{data, err}
	}()
	var in input
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case in = <-read:
	}
	if in.err == nil && len(in.data) > MaxStdin {
		in.err = fmt.Errorf("%w: more than %d bytes", scan.ErrTooLarge, MaxStdin)
	}
	if in.err != nil {
		return fmt.Errorf("reading standard input: %w", in.err)
	}
	e := scan.Entry{Path: "-", Mode: 0o600, Size: int64(len(in.data)), Named: true}
	return v.Entry(e, func() (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(in.data)), nil
	})
}
