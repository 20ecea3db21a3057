package tree_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/boltseal/boltseal/internal/scan"
	"github.com/boltseal/boltseal/internal/source/tree"
)

func TestStdin(t *testing.T) {
	src := tree.Stdin(iotest.OneByteReader(strings.NewReader("FROM scratch\n")))
	want := seen{
		Entries: []scan.Entry{{Path: "-", Mode: 0o600, Size: 13, Named: true}},
		Content: map[string]string{"-": "FROM scratch\n"},
		Skipped: map[string]int{}, Failed: map[string]string{},
	}
	if diff := cmp.Diff(want, look(t, src)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if got := src.Target(); got.Name != "-" || got.Kind != scan.KindTree {
		t.Errorf("target %+v", got)
	}
	if err := src.Close(); err != nil {
		t.Error(err)
	}
}

// endless gives zeros for ever.
type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

func TestStdinThatCannotBeRead(t *testing.T) {
	broken := errors.New("broken pipe")
	if err := walk(t.Context(), tree.Stdin(iotest.ErrReader(broken)), newVisitor()); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
	if err := walk(t.Context(), tree.Stdin(endless{}), newVisitor()); !errors.Is(err, scan.ErrTooLarge) {
		t.Errorf("got %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	silent, w := io.Pipe()
	defer w.Close()
	if err := walk(ctx, tree.Stdin(silent), newVisitor()); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
