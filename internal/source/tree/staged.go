package tree

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/boltseal/boltseal/internal/git"
	"github.com/boltseal/boltseal/internal/scan"
)

// staged is what the next commit would change.
type staged struct {
	target  scan.Target
	objects *git.Objects
	sub     string // only below this path, "" is the root
}

// OpenStaged opens what is staged in the repository that holds dir, at and below
// dir: the files that the next commit adds or changes, with the content that it
// would have, whatever the work tree holds by now. Paths are relative to the root of
// the repository. The target is called "staged:" and the path as it was typed.
func OpenStaged(ctx context.Context, dir string) (scan.Source, error) {
	real, err := filepath.Abs(dir)
	if err == nil {
		real, err = filepath.EvalSymlinks(real)
	}
	if err != nil {
		return nil, fmt.Errorf("opening %q: %w", dir, plain(err))
	}
	repo, err := git.Find(ctx, real)
	if errors.Is(err, git.ErrNoRepository) {
		return nil, fmt.Errorf("opening what is staged in %q: %w: name a folder inside a work tree", dir, err)
	}
	if err != nil {
		return nil, err
	}
	sub, err := filepath.Rel(repo.Root, real)
	if err != nil {
		return nil, fmt.Errorf("opening %q: %w", dir, err)
	}
	objects, err := repo.Objects(ctx)
	if err != nil {
		return nil, fmt.Errorf("opening what is staged in %q: %w", dir, err)
	}
	s := &staged{
		target:  scan.Target{Kind: scan.KindTree, Name: "staged:" + filepath.ToSlash(filepath.Clean(dir))},
		objects: objects, sub: filepath.ToSlash(sub),
	}
	if s.sub == "." {
		s.sub = ""
	}
	return s, nil
}

func (s *staged) Target() scan.Target { return s.target }
func (s *staged) Close() error        { return s.objects.Close() }

func (s *staged) Units() []scan.Unit {
	return []scan.Unit{{Name: "index", Sequential: true, Walk: s.walk}}
}

// walk offers what is staged, in the order of paths.
func (s *staged) walk(ctx context.Context, v scan.Visitor) error {
	changes, err := s.objects.Staged(ctx, s.sub)
	if err != nil {
		return fmt.Errorf("asking git for what is staged: %w", err)
	}
	blobs := s.objects.Blobs(ctx)
	defer blobs.Close() //nolint:errcheck // only read from
	for _, c := range changes {
		switch {
		case c.Status == 'D':
		case c.Status == 'U':
			v.Failed(c.Path, errors.New("in conflict: resolve it and add it again"))
		case c.Mode == git.ModeSubmodule:
			v.Skipped(c.Path, SkippedSubmodule)
		default:
			err = offerStaged(v, blobs, c)
		}
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// offerStaged offers one file. Of a link the blob holds where it leads to.
func offerStaged(v scan.Visitor, blobs *git.Blobs, c git.Change) error {
	if len(c.Path) > MaxPath {
		v.Failed(c.Path[:MaxPath], fmt.Errorf("path is longer than %d bytes", MaxPath))
		return nil
	}
	e := scan.Entry{Path: c.Path, Mode: 0o644}
	if c.Mode == git.ModeExecutable {
		e.Mode = 0o755
	}
	var err error
	if e.Size, err = blobs.Size(c.Blob); err == nil && c.Mode == git.ModeSymlink {
		e.Kind = scan.Symlink
		e.Mode = 0o777
		e.Link, err = linkText(blobs, c.Blob)
	}
	if err != nil {
		v.Failed(c.Path, err)
		return nil
	}
	return v.Entry(e, func() (io.ReadCloser, error) { return blobs.Open(c.Blob) })
}

func linkText(blobs *git.Blobs, id string) (string, error) {
	r, err := blobs.Open(id)
	if err != nil {
		return "", err
	}
	defer r.Close() //nolint:errcheck // only read from
	var text strings.Builder
	if _, err := io.Copy(&text, io.LimitReader(r, MaxPath)); err != nil {
		return "", err
	}
	return text.String(), nil
}
