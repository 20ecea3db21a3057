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
	var ids, merges []string
	for _, c := range block {
		if c.Parents > 1 {
			merges = append(merges, c.ID)
		}
	}
	quiet := s.objects.QuietMerges(ctx, merges, s.sub)
	for _, c := range block {
		if !quiet[c.ID] {
			ids = append(ids, c.ID)
		}
	}
	w := &walker{v: v, blobs: s.objects.Blobs(ctx)}
	w.openText, w.openBlob = w.hunkText, w.wholeBlob
	err := s.objects.Patches(ctx, ids, s.sub, w)
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
		w.Lost(h.Commit, h.Path[:maxPath], errors.New("path is too long"))
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
