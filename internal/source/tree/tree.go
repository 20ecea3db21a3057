// Package tree is the source of directories and single files. In a git work tree
// it offers what git tracks, whatever .gitignore says, and what is neither tracked
// nor ignored; elsewhere everything. It never leaves the tree: links are offered as
// links, with the content of the file that they lead to where that lies inside, and
// no folder is entered through one, not even one that is put there while it looks.
package tree

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/boltseal/boltseal/internal/git"
	"github.com/boltseal/boltseal/internal/scan"
)

// Options say how a tree is walked.
type Options struct {
	// NoGitignore offers untracked files also when git ignores them, and the
	// content of submodules.
	NoGitignore bool
	// ChangedSince is a revision: tracked files that are as in the commit at which
	// HEAD left it, their merge base, are marked as unchanged. Untracked files are
	// changed. Empty marks nothing.
	ChangedSince string
}

// Reasons for which entries are left out; see scan.Visitor.
const (
	SkippedIgnored   = "ignored by git"
	SkippedSubmodule = "submodule"
	SkippedMissing   = "tracked, but not checked out"
	SkippedGit       = "inside a .git folder"
)

// Source is a directory or a single file.
type Source struct {
	target scan.Target
	root   *os.Root
	repo   *git.Repo // nil: everything below start is walked
	start  string    // where to begin, relative to root, with slashes; "" is root
	single bool      // start is a file
	notes  []string
	rootFS bool   // see OpenRootFS
	device uint64 // of a root file system
	// attribute reads the file capabilities of a file; nil where nobody asks for them.
	attribute func(*os.File) ([]byte, error)
	// unchanged are the files to mark; nil marks none.
	unchanged map[string]bool
}

// Open opens a directory or a single file. The paths of its entries are relative
// to the root of the git repository that holds it, to the directory where there
// is none. The target is called "dir:" and the path as it was typed, also when it
// is a file.
//
// A path that is itself a link is followed, but not out of its repository: there
// it was not the user who made it.
func Open(ctx context.Context, path string, opt Options) (scan.Source, error) {
	s := &Source{target: scan.Target{Kind: scan.KindTree, Name: "dir:" + filepath.ToSlash(filepath.Clean(path))}}
	typed, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("opening %q: %w", path, err)
	}
	real, err := filepath.EvalSymlinks(typed)
	if err != nil {
		return nil, fmt.Errorf("opening %q: %w", path, plain(err))
	}
	info, err := os.Stat(real)
	if err != nil {
		return nil, fmt.Errorf("opening %q: %w", path, plain(err))
	}
	if !info.IsDir() && !info.Mode().IsRegular() {
		return nil, fmt.Errorf("opening %q: neither a file nor a folder; to scan a stream, use - and standard input", path)
	}
	s.single = !info.IsDir()
	if err := s.place(ctx, path, typed, real, opt); err != nil {
		return nil, err
	}
	return s, nil
}

// place finds the root to which paths are relative, and how to walk below it.
func (s *Source) place(ctx context.Context, path, typed, real string, opt Options) error {
	dir := real
	if s.single {
		dir = filepath.Dir(real)
	}
	root := dir
	repo, err := git.Find(ctx, dir)
	switch {
	case err == nil:
		root = repo.Root
	case !errors.Is(err, git.ErrNoRepository):
		return err
	}
	if err := s.stays(ctx, path, typed, real); err != nil {
		return err
	}
	rel, err := filepath.Rel(root, real)
	if err != nil {
		return fmt.Errorf("opening %q: %w", path, err)
	}
	if s.start = filepath.ToSlash(rel); s.start == "." {
		s.start = ""
	}
	if repo != nil && !opt.NoGitignore && !s.single && !inDotGit(s.start) {
		s.repo = repo
		if err := repo.Available(); err != nil {
			s.repo = nil
			s.notes = append(s.notes, fmt.Sprintf("%v: every file was scanned, also what git ignores", err))
		}
	}
	if opt.ChangedSince != "" {
		if err := s.compare(ctx, repo, opt.ChangedSince); err != nil {
			return fmt.Errorf("opening %q: %w", path, err)
		}
	}
	if s.root, err = os.OpenRoot(root); err != nil {
		return fmt.Errorf("opening %q: %w", path, plain(err))
	}
	return nil
}

// stays refuses a link inside a repository that leads out of it, anywhere in the
// path.
func (s *Source) stays(ctx context.Context, path, typed, real string) error {
	for p := typed; filepath.Dir(p) != p; p = filepath.Dir(p) {
		info, err := os.Lstat(p)
		if err != nil || info.Mode()&fs.ModeSymlink == 0 {
			continue
		}
		parent, err := filepath.EvalSymlinks(filepath.Dir(p))
		if err != nil {
			return fmt.Errorf("opening %q: %w", path, plain(err))
		}
		holder, err := git.Find(ctx, parent)
		if err != nil {
			continue // in no repository: the user's own link
		}
		if rel, err := filepath.Rel(holder.Root, real); err != nil || !filepath.IsLocal(rel) {
			return fmt.Errorf("opening %q: %q is a link out of its repository; name what it leads to", path, filepath.Base(p))
		}
	}
	return nil
}

func inDotGit(path string) bool {
	for part := range strings.SplitSeq(path, "/") {
		if strings.EqualFold(part, dotGit) {
			return true
		}
	}
	return false
}

// Target implements scan.Source.
func (s *Source) Target() scan.Target { return s.target }

// Root is the directory to which the paths of entries are relative.
func (s *Source) Root() string { return s.root.Name() }

// Notes are lines worth telling the user about how the tree is walked.
func (s *Source) Notes() []string { return s.notes }

// Units implements scan.Source: there is one.
func (s *Source) Units() []scan.Unit {
	if s.rootFS { // a sequential unit's links are not followed, as in an image
		return []scan.Unit{{Name: "root file system", Sequential: true, Walk: s.walk}}
	}
	return []scan.Unit{{Name: "work tree", Walk: s.walk}}
}

// Close implements scan.Source.
func (s *Source) Close() error { return s.root.Close() }

// plain takes the system call and the absolute path out of an error.
func plain(err error) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Err
	}
	return err
}
