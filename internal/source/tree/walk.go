package tree

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/boltseal/boltseal/internal/git"
	"github.com/boltseal/boltseal/internal/scan"
)

const dotGit = ".git"

// modeBits are what an entry tells of a mode.
const modeBits = fs.ModePerm | fs.ModeSetuid | fs.ModeSetgid | fs.ModeSticky

// Limits of a walk. They are errors, never silent.
const (
	// MaxEntries is how many entries a tree may have.
	MaxEntries = 5_000_000
	// MaxPath is how many bytes a path may have; it bounds the depth as well.
	MaxPath = 4096
)

// walk offers what is to be scanned in the order of paths, byte by byte. Folders
// are not offered.
func (s *Source) walk(ctx context.Context, v scan.Visitor) error {
	w := &walker{ctx: ctx, src: s, v: v}
	defer w.leave()
	switch {
	case s.single:
		return w.file(s.start)
	case s.repo != nil:
		return w.listed()
	}
	return w.below(s.start)
}

// walker is one walk. It holds one folder open at a time.
type walker struct {
	ctx   context.Context //nolint:containedctx // lives exactly as long as the walk
	src   *Source
	v     scan.Visitor
	count int
	dir   folder
	asked map[string]bool // folders in which a .git folder was looked for
}

// listed is a path that git lists.
type listed struct {
	path    string
	tracked bool
}

// listed offers what git lists.
func (w *walker) listed() error {
	list, err := w.src.repo.Files(w.ctx, w.src.start)
	if err != nil {
		return fmt.Errorf("asking git for files: %w; with --no-gitignore git is not asked and every file is scanned", err)
	}
	for _, p := range list.Ignored {
		w.v.Skipped(p, SkippedIgnored)
	}
	for _, problem := range list.Unreadable {
		w.v.Failed(cmp.Or(w.src.start, "."), errors.New(problem))
	}
	paths := make([]listed, 0, len(list.Tracked)+len(list.Untracked))
	for _, f := range list.Tracked {
		if f.Mode == git.ModeSubmodule {
			w.v.Skipped(f.Path, SkippedSubmodule)
			continue
		}
		paths = append(paths, listed{f.Path, true})
	}
	for _, p := range list.Untracked {
		paths = append(paths, listed{p, false})
	}
	list = nil
	slices.SortStableFunc(paths, func(a, b listed) int { return strings.Compare(a.path, b.path) })
	paths = slices.CompactFunc(paths, func(a, b listed) bool { return a.path == b.path })
	for _, p := range paths {
		nested, ok := strings.CutSuffix(p.path, "/")
		if ok {
			// Another repository, which git does not look into. What it ignores
			// is its own word, so all of it is scanned.
			err = w.below(nested)
		} else {
			w.countGit(path.Dir(p.path))
			err = w.offer(p)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// countGit counts the .git folder of a folder and of those on the way to it: git
// lists nothing of them, also where they are no repositories. It counts only, so it
// does not matter what a link on the way leads to.
func (w *walker) countGit(dir string) {
	if w.asked == nil {
		w.asked = make(map[string]bool)
	}
	for ; dir != "." && len(dir) >= len(w.src.start) && !w.asked[dir]; dir = path.Dir(dir) {
		w.asked[dir] = true
		if len(dir) > MaxPath {
			continue
		}
		if info, err := w.src.root.Lstat(dir + "/" + dotGit); err == nil && info.IsDir() {
			w.skipGit(dir)
		}
	}
}

// offer offers one path. What is tracked can be missing, as in a sparse checkout,
// or a folder can stand in its place, or a link on the way to it: it is counted then.
func (w *walker) offer(p listed) error {
	there, err := w.enter(path.Dir(p.path))
	if err != nil {
		w.v.Failed(p.path, plain(err))
		return w.ctx.Err()
	}
	if there {
		if there, err = w.entry(p.path, false); err != nil {
			return err
		}
	}
	if !there && p.tracked {
		w.v.Skipped(p.path, SkippedMissing)
	}
	return w.ctx.Err()
}

// file offers the one file that the user named.
func (w *walker) file(p string) error {
	ok, err := w.enter(path.Dir(p))
	if err == nil && !ok {
		err = fs.ErrNotExist
	}
	if err != nil {
		return fmt.Errorf("opening %q: %w", p, plain(err))
	}
	_, err = w.entry(p, true)
	return err
}

// entry offers the entry at p, in the folder that is open. It says false where
// there is none, or a folder.
func (w *walker) entry(p string, named bool) (bool, error) {
	if err := w.ctx.Err(); err != nil {
		return true, err
	}
	if len(p) > MaxPath {
		w.v.Failed(p[:MaxPath], fmt.Errorf("path is longer than %d bytes", MaxPath))
		return true, nil
	}
	name := path.Base(p)
	info, err := w.dir.root.Lstat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		w.v.Failed(p, plain(err))
		return true, nil
	}
	e := scan.Entry{Path: p, Mode: info.Mode() & modeBits, Named: named, Unchanged: w.src.unchanged[p]}
	w.src.details(&e, info)
	var lost error // why a link leads to no file
	switch mode := info.Mode(); {
	case mode.IsRegular():
		e.Size = info.Size()
		w.capabilities(&e)
	case mode&fs.ModeSymlink != 0:
		e.Kind = scan.Symlink
		if e.Link, err = w.dir.root.Readlink(name); err != nil {
			w.v.Failed(p, plain(err))
			return true, nil
		}
		if !w.src.rootFS {
			e.Size, lost = w.src.follow(p)
		}
	case mode.IsDir():
		return false, nil
	default:
		e.Kind = scan.Device
	}
	if w.count++; w.count > MaxEntries {
		return true, fmt.Errorf("more than %d entries", MaxEntries)
	}
	return true, w.v.Entry(e, func() (io.ReadCloser, error) {
		if lost != nil {
			return nil, lost
		}
		return w.src.open(p, e.Kind)
	})
}

// open opens a regular file, or the one that a link leads to, for reading.
func (s *Source) open(p string, kind scan.EntryKind) (io.ReadCloser, error) {
	if kind != scan.File && kind != scan.Symlink {
		return nil, errors.New("not a regular file")
	}
	f, err := openRegular(s.root, p)
	if err != nil {
		return nil, err
	}
	return f, nil
}

// openRegular opens a regular file below root, and nothing else.
func openRegular(root *os.Root, p string) (*os.File, error) {
	// A fifo or device that took the file's place must neither block nor be read.
	f, err := root.OpenFile(p, readFlags, 0)
	if err != nil {
		return nil, plain(err)
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = errors.New("no longer a regular file")
	}
	if err != nil {
		f.Close() //nolint:errcheck // only read from
		return nil, plain(err)
	}
	return f, nil
}
