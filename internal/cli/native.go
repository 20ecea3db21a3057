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
	"github.com/boltseal/boltseal/internal/scanner/secrets"
)

// The engine's own files, as it looks for them.
const (
	gitleaksConfig = ".gitleaks.toml"
	gitleaksIgnore = ".gitleaksignore"
)

// maxNative is more than any of these files may be long; the scanner has bounds of
// its own.
const maxNative = 64<<20 + 1

// natives reads gitleaks' own files for the targets that are trees: those that the
// user named, else those in the target's folder or at the root of its repository. In
// a change they are those of the commit that it starts from, never its author's; where
// that is not known there are none.
func (o scanOptions) natives(ctx context.Context, targets []target) (map[string]secrets.Native, error) {
	all := make(map[string]secrets.Native)
	for _, t := range targets {
		if !t.isTree() || (o.inChange && o.newFrom == "") {
			continue
		}
		dir, err := realPath(t.dir())
		if err != nil {
			continue // the target itself will say so
		}
		n, err := o.native(ctx, dir)
		if err != nil {
			return nil, err
		}
		all[t.name()] = n
	}
	return all, nil
}

// realPath gives the absolute path, links resolved.
func realPath(name string) (string, error) {
	full, err := filepath.Abs(name)
	if err != nil {
		return "", err
	}
	return filepath.EvalSymlinks(full)
}

// native reads the files for a folder, whose path is absolute and without links.
func (o scanOptions) native(ctx context.Context, dir string) (secrets.Native, error) {
	var n secrets.Native
	root := dir
	repo, err := git.Find(ctx, dir)
	if err == nil {
		root = repo.Root
	}
	read := func(name string) ([]byte, error) { return readInside(root, name) }
	if o.inChange {
		if err != nil {
			return n, noVerdict(err)
		}
		read = func(name string) ([]byte, error) { return readCommitted(ctx, repo, o.newFrom, name) }
	}
	sub, err := filepath.Rel(root, dir)
	if err != nil {
		return n, fmt.Errorf("reading %s: %w", gitleaksConfig, err)
	}
	folders := []string{filepath.ToSlash(sub)}
	if sub != "." {
		folders = append(folders, ".")
	}
	n.Open = read
	if err := o.findNative(&n, folders, read); err != nil {
		return n, err
	}
	if o.gitleaksConfig != "" {
		if n.Config, err = o.namedFile(root, o.gitleaksConfig); err != nil {
			return n, err
		}
	}
	if o.gitleaksBaseline != "" {
		if n.Baseline, err = o.namedFile(root, o.gitleaksBaseline); err != nil {
			return n, err
		}
	}
	return n, nil
}

// findNative reads what there is in some folders, the first of them first.
func (o scanOptions) findNative(n *secrets.Native, folders []string, read func(string) ([]byte, error)) error {
	for _, folder := range folders {
		if n.Config == nil && o.gitleaksConfig == "" {
			config, err := nativeFile(path.Join(folder, gitleaksConfig), read)
			if err != nil {
				return err
			}
			n.Config = config
		}
		ignore, err := nativeFile(path.Join(folder, gitleaksIgnore), read)
		if err != nil {
			return err
		}
		if ignore != nil {
			n.Ignore = append(n.Ignore, *ignore)
		}
	}
	return nil
}

// nativeFile reads a file of a tree; nil where there is none.
func nativeFile(name string, read func(string) ([]byte, error)) (*secrets.File, error) {
	text, err := read(name)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, git.ErrNoFile) {
		return nil, nil //nolint:nilnil // there is none
	}
	if err != nil {
		return nil, noVerdict(fmt.Errorf("reading %s: %w", name, err))
	}
	return &secrets.File{Name: name, Text: text}, nil
}

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

// namedFile reads a file that the user named. Inside the tree it goes by its path
// there, so that it is not scanned itself.
func (o scanOptions) namedFile(root, typed string) (*secrets.File, error) {
	f, err := os.Open(typed)
	if err != nil {
		return nil, usage(fmt.Errorf("%w: check the path", err))
	}
	text, err := readNative(f)
	if err != nil {
		return nil, usage(fmt.Errorf("reading %s: %w", typed, err))
	}
	name := filepath.ToSlash(typed)
	if full, err := realPath(typed); err == nil {
		if rel, err := filepath.Rel(root, full); err == nil && filepath.IsLocal(rel) {
			name = filepath.ToSlash(rel)
		}
	}
	return &secrets.File{Name: name, Text: text}, nil
}
