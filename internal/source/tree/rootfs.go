package tree

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"

	"github.com/boltseal/boltseal/internal/filecap"
	"github.com/boltseal/boltseal/internal/scan"
)

// SkippedMounted says that a folder is on another file system: /proc and what else
// is mounted is no part of a root file system.
const SkippedMounted = "another file system is mounted there"

// OpenRootFS opens a folder that holds an unpacked root file system. It offers what
// an image's layers would: folders, owners and times as well, links as links, and
// .git folders. git is not asked about it. The target is called "rootfs:" and the
// path as it was typed.
func OpenRootFS(_ context.Context, dir string) (scan.Source, error) {
	info, err := os.Stat(dir)
	if err != nil {
		return nil, fmt.Errorf("opening %q: %w", dir, plain(err))
	}
	if !info.IsDir() {
		return nil, fmt.Errorf("opening %q: a root file system is a folder", dir)
	}
	s := &Source{
		target: scan.Target{Kind: scan.KindRootFS, Name: "rootfs:" + filepath.ToSlash(filepath.Clean(dir))},
		rootFS: true,
	}
	if hasAttributes {
		s.attribute = attribute
	}
	if s.root, err = os.OpenRoot(dir); err != nil {
		return nil, fmt.Errorf("opening %q: %w", dir, plain(err))
	}
	if info, err = s.root.Stat("."); err != nil {
		return nil, errors.Join(fmt.Errorf("opening %q: %w", dir, plain(err)), s.root.Close())
	}
	_, _, s.device = owner(info)
	return s, nil
}

// folder offers a folder of a root file system. It says false where what lies in it
// is not to be looked at.
func (w *walker) folder(p string) (bool, error) {
	if len(p) > MaxPath {
		return true, nil // reading it will fail and say so
	}
	there, err := w.enter(p)
	if err != nil || !there {
		return true, nil //nolint:nilerr // reading it will fail and say so
	}
	info, err := w.dir.root.Stat(".")
	if err != nil {
		w.v.Failed(p, plain(err))
		return false, w.ctx.Err()
	}
	e := scan.Entry{Path: p, Kind: scan.Dir, Mode: info.Mode() & modeBits, ModTime: info.ModTime().UTC()}
	var device uint64
	e.UID, e.GID, device = owner(info)
	if device != w.src.device {
		w.v.Skipped(p, SkippedMounted)
		return false, nil
	}
	if w.count++; w.count > MaxEntries {
		return false, fmt.Errorf("more than %d entries", MaxEntries)
	}
	return true, w.v.Entry(e, nil)
}

// capabilities adds those of a program in a root file system. Of other files they mean
// nothing. Where they cannot be read, that is told: the file is offered all the same.
func (w *walker) capabilities(e *scan.Entry) {
	if w.src.attribute == nil || e.Mode&0o111 == 0 {
		return
	}
	set, err := w.readCapabilities(path.Base(e.Path))
	if err != nil {
		w.v.Failed(e.Path, fmt.Errorf("reading file capabilities: %w", err))
		return
	}
	if set.Grants() {
		e.Capabilities = &set
	}
}

// readCapabilities reads those of a file in the folder that is open.
func (w *walker) readCapabilities(name string) (filecap.Set, error) {
	f, err := openRegular(w.dir.root, name)
	if err != nil {
		return filecap.Set{}, err
	}
	defer f.Close() //nolint:errcheck // only read from
	value, err := w.src.attribute(f)
	if err != nil || value == nil {
		return filecap.Set{}, plain(err)
	}
	return filecap.Parse(value)
}

// details adds what only a root file system's entries tell.
func (s *Source) details(e *scan.Entry, info fs.FileInfo) {
	if s.rootFS {
		e.ModTime = info.ModTime().UTC()
		e.UID, e.GID, _ = owner(info)
	}
}
