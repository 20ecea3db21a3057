package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"

	"github.com/boltseal/boltseal/internal/git"
)

// maxNative is more than any file of another tool may be long; the scanners have
// bounds of their own.
const maxNative = 64<<20 + 1

// nativeFile is a file of another tool, with the name under which messages and
// scanners know it: inside of a tree its path there.
type nativeFile struct {
	name string
	text []byte
}

// nativeFiles reads the files of other tools that a target brings: as they are
// checked out, or as they are in the trusted commit, never as the author of a change
// left them.
type nativeFiles struct {
	// root is the root of the target's repository, or the target itself.
	root string
	// folders are where such files are looked for, in order: the target's folder, the
	// root. They are relative to the root.
	folders []string
	// read reads a file by its path below the root.
	read func(name string) ([]byte, error)
}

// nativeFilesOf says from where the files for a folder are read. It is false where
// there is nothing to trust, or no such folder: the target itself will say so.
func (o scanOptions) nativeFilesOf(ctx context.Context, folder string) (n nativeFiles, ok bool, err error) {
	a, err := o.anchors.of(ctx, folder)
	if err != nil {
		return n, false, err
	}
	if a != nil && a.trusted != "" {
		n.root = a.repo.Root
		n.read = func(name string) ([]byte, error) { return a.objects.ReadFile(ctx, a.trusted, name, maxNative) }
		n.folders = foldersOf(a.folder(folder))
		return n, true, nil
	}
	dir, err := realPath(folder)
	if err != nil {
		return n, false, nil //nolint:nilerr // see above
	}
	n.root = dir
	repo, err := git.Find(ctx, dir)
	if err == nil {
		n.root = repo.Root
	}
	n.read = func(name string) ([]byte, error) { return readInside(n.root, name) }
	sub, err := filepath.Rel(n.root, dir)
	if err != nil {
		return n, false, fmt.Errorf("looking for files of other tools: %w", err)
	}
	n.folders = foldersOf(filepath.ToSlash(sub))
	return n, true, nil
}

// foldersOf are a folder and the root, from the root.
func foldersOf(sub string) []string {
	if sub == "." {
		return []string{sub}
	}
	return []string{sub, "."}
}

// find reads a file of each folder that has it.
func (n nativeFiles) find(name string) ([]nativeFile, error) {
	var found []nativeFile
	for _, folder := range n.folders {
		f, err := n.file(path.Join(folder, name))
		if err != nil {
			return nil, err
		}
		if f != nil {
			found = append(found, *f)
		}
	}
	return found, nil
}

// first reads the first file that there is, in the first folder that has one of the
// names; nil where there is none.
func (n nativeFiles) first(names ...string) (*nativeFile, error) {
	for _, folder := range n.folders {
		for _, name := range names {
			if f, err := n.file(path.Join(folder, name)); f != nil || err != nil {
				return f, err
			}
		}
	}
	return nil, nil //nolint:nilnil // there is none
}

// file reads a file of the tree; nil where there is none.
func (n nativeFiles) file(name string) (*nativeFile, error) {
	text, err := n.read(name)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, git.ErrNoFile) {
		return nil, nil //nolint:nilnil // there is none
	}
	if err != nil {
		return nil, noVerdict(fmt.Errorf("reading %s: %w", name, err))
	}
	return &nativeFile{name, text}, nil
}

// named reads a file that the user named. Inside the tree it goes by its path
// there, so that it is not scanned itself.
func (n nativeFiles) named(typed string) (*nativeFile, error) {
	f, err := namedFile(typed)
	if err != nil {
		return nil, err
	}
	if full, err := realPath(typed); err == nil {
		if rel, err := filepath.Rel(n.root, full); err == nil && filepath.IsLocal(rel) {
			f.name = filepath.ToSlash(rel)
		}
	}
	return f, nil
}

// namedFile reads a file that the user named.
func namedFile(typed string) (*nativeFile, error) {
	f, err := os.Open(typed)
	if err != nil {
		return nil, usage(fmt.Errorf("%w: check the path", err))
	}
	text, err := readNative(f)
	if err != nil {
		return nil, usage(fmt.Errorf("reading %s: %w", typed, err))
	}
	return &nativeFile{filepath.ToSlash(typed), text}, nil
}

// realPath gives the absolute path, links resolved.
func realPath(name string) (string, error) {
	full, err := filepath.Abs(name)
	if err != nil {
		return "", err
	}
	return filepath.EvalSymlinks(full)
}

// readNative reads a regular file, and closes it.
func readNative(f *os.File) ([]byte, error) {
	defer f.Close() //nolint:errcheck // only read from
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = errors.New("it is no regular file")
	}
	if err != nil {
		return nil, err
	}
	return io.ReadAll(io.LimitReader(f, maxNative))
}

// readInside reads a file of a tree. A link may not lead out of it.
func readInside(root, name string) ([]byte, error) {
	tree, err := os.OpenRoot(root)
	if err != nil {
		return nil, err
	}
	defer tree.Close() //nolint:errcheck // only read from
	f, err := tree.Open(filepath.FromSlash(name))
	if err != nil {
		return nil, err
	}
	return readNative(f)
}

// readCommitted reads a file of a commit.
func readCommitted(ctx context.Context, repo *git.Repo, commit, name string) ([]byte, error) {
	objects, err := repo.Objects(ctx)
	if err != nil {
		return nil, err
	}
	defer objects.Close() //nolint:errcheck // a temporary folder
	return objects.ReadFile(ctx, commit, name, maxNative)
}
