package history

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"

	"github.com/boltseal/boltseal/internal/git"
	"github.com/boltseal/boltseal/internal/scan"
)

// maxPath is how many bytes a path may have.
const maxPath = 4096

// walk offers what the commits of a block add, in their order.
func (s *Source) walk(ctx context.Context, block []git.Commit, v scan.Visitor) error {
	w := &walker{v: v, blobs: s.objects.Blobs(ctx)}
	w.openText, w.openBlob = w.hunkText, w.wholeBlob
	p, err := s.plan(ctx, block, w)
	for _, part := range p {
		if err == nil {
			err = s.objects.Patches(ctx, part.commits, part.how, w)
		}
	}
	if closed := w.blobs.Close(); err == nil && ctx.Err() == nil {
		err = closed
	}
	return err
}

// walker is one walk; git's patches visit it.
type walker struct {
	v     scan.Visitor
	blobs *git.Blobs
	// hunk is the one being offered. There are many, so that nothing is made anew
	// for each: content can only be read while it is offered.
	hunk               *git.Hunk
	reader             text
	openText, openBlob func() (io.ReadCloser, error)
}

// Hunk implements git.PatchVisitor.
func (w *walker) Hunk(h *git.Hunk) error {
	if len(h.Path) > maxPath {
		w.Lost(h.Commit, h.Path[:maxPath], errLongPath)
		return nil
	}
	w.hunk = h
	e := scan.Entry{Path: h.Path, Mode: permissions(h.Mode), Size: int64(len(h.Text)), Commit: h.Commit, Line: h.Line}
	if h.Line > 0 {
		return w.v.Entry(e, w.openText)
	}
	size, err := w.blobs.Size(h.Blob)
	if err != nil {
		w.Lost(h.Commit, h.Path, err)
		return nil
	}
	e.Size = size
	return w.v.Entry(e, w.openBlob)
}

// leftOut offers a file whose content nobody wants, so that it is counted.
func (w *walker) leftOut(commit string, t git.Touched) error {
	if len(t.Path) > maxPath {
		w.Lost(commit, t.Path[:maxPath], errLongPath)
		return nil
	}
	e := scan.Entry{Path: t.Path, Mode: permissions(t.Mode), Size: 1, Commit: commit, Line: 1}
	return w.v.Entry(e, func() (io.ReadCloser, error) { return nil, errLeftOut })
}

var (
	errLeftOut  = errors.New("nobody wanted the content")
	errLongPath = errors.New("path is too long")
)

// Lost implements git.PatchVisitor.
func (w *walker) Lost(commit, path string, err error) {
	where := "commit " + commit
	if path != "" {
		where = commit + ":" + path
	}
	w.v.Failed(where, err)
}

// text is the content of a hunk.
type text struct{ bytes.Reader }

func (*text) Close() error { return nil }

func (w *walker) hunkText() (io.ReadCloser, error) {
	w.reader.Reset(w.hunk.Text)
	return &w.reader, nil
}

func (w *walker) wholeBlob() (io.ReadCloser, error) { return w.blobs.Open(w.hunk.Blob) }

// permissions gives those that a file of git's mode is checked out with.
func permissions(m git.Mode) fs.FileMode {
	if m == git.ModeExecutable {
		return 0o755
	}
	return 0o644
}
