package tree

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
)

// folder is the one that was entered last. The zero value is none.
type folder struct {
	path string   // never empty once entered
	root *os.Root // nil where entering failed
	err  error
}

// enter opens the folder at p, "." for the root, and closes the one that was open.
// It says false where there is no such folder, or a link stands on the way to it.
func (w *walker) enter(p string) (bool, error) {
	if p == w.dir.path {
		return w.dir.root != nil, w.dir.err
	}
	w.leave()
	w.dir.path = p
	w.dir.root, w.dir.err = openFolder(w.src.root, p)
	return w.dir.root != nil, w.dir.err
}

func (w *walker) leave() {
	if w.dir.root != nil {
		w.dir.root.Close() //nolint:errcheck // only read from
	}
	w.dir = folder{}
}

// openFolder opens the folder at p below root, nil where there is none. os.Root
// would follow links that stay inside; what they lead to is scanned where it is.
func openFolder(root *os.Root, p string) (*os.Root, error) {
	at, err := root.OpenRoot(".")
	if err != nil || p == "." || p == "" {
		return at, err
	}
	for name := range strings.SplitSeq(p, "/") {
		info, err := at.Lstat(name)
		var next *os.Root
		if err == nil && info.IsDir() {
			next, err = at.OpenRoot(name)
		}
		at.Close() //nolint:errcheck // only read from
		if errors.Is(err, fs.ErrNotExist) {
			return nil, nil //nolint:nilnil // documented
		}
		if err != nil {
			return nil, err
		}
		if next == nil {
			return nil, nil //nolint:nilnil // documented
		}
		at = next
	}
	return at, nil
}

// below offers all that lies below the folder at start, except in .git folders of
// trees. Its
// own stack bounds the depth by memory, and MaxPath bounds both.
func (w *walker) below(start string) error {
	stack := []string{start + "/"} // folders end in a slash, so that they sort by full path
	for len(stack) > 0 {
		p := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		dir, isDir := strings.CutSuffix(p, "/")
		if !isDir {
			// Siblings of a folder follow what is in it: its own folder is
			// opened again then.
			if err := w.offer(listed{path: p}); err != nil {
				return err
			}
			continue
		}
		if w.src.rootFS && dir != "" {
			if ok, err := w.folder(dir); err != nil {
				return err
			} else if !ok {
				continue
			}
		}
		names, err := w.read(dir)
		if err != nil {
			w.v.Failed(cmp.Or(dir, "."), plain(err))
		}
		if err := w.ctx.Err(); err != nil {
			return err
		}
		if len(stack)+len(names) > MaxEntries {
			return fmt.Errorf("more than %d entries", MaxEntries)
		}
		for _, name := range slices.Backward(names) {
			if dir != "" {
				name = dir + "/" + name
			}
			stack = append(stack, name)
		}
	}
	return nil
}

// skipGit counts the .git folder in a folder, unless it is the root's own: nobody
// takes that for content, but one below can be any folder that is called so.
func (w *walker) skipGit(dir string) {
	if dir != "" {
		w.v.Skipped(dir+"/"+dotGit, SkippedGit)
	}
}

// read lists a folder, the names of folders in it with a slash at the end, sorted.
// What was read before an error is given with it.
func (w *walker) read(dir string) ([]string, error) {
	if len(dir) > MaxPath {
		return nil, fmt.Errorf("path is longer than %d bytes", MaxPath)
	}
	ok, err := w.enter(cmp.Or(dir, "."))
	if err != nil || !ok {
		return nil, err
	}
	f, err := w.dir.root.Open(".")
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // only read from
	var names []string
	for err == nil && len(names) <= MaxEntries {
		var entries []fs.DirEntry
		entries, err = f.ReadDir(1024)
		for _, e := range entries {
			switch {
			case e.IsDir() && e.Name() == dotGit && !w.src.rootFS:
				w.skipGit(dir)
			case e.IsDir():
				names = append(names, e.Name()+"/")
			default:
				names = append(names, e.Name())
			}
		}
	}
	slices.Sort(names)
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return names, err
}
