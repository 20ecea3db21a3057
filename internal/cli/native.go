package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
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
// user named, else those in the target's folder or at the root of its repository.
func (o scanOptions) natives(ctx context.Context, targets []target) (map[string]secrets.Native, error) {
	all := make(map[string]secrets.Native)
	for _, t := range targets {
		if !t.isTree() {
			continue
		}
		n, err := o.native(ctx, t.dir())
		if err != nil {
			return nil, err
		}
		all[t.name()] = n
	}
	return all, nil
}

func (o scanOptions) native(ctx context.Context, dir string) (secrets.Native, error) {
	var n secrets.Native
	real, err := filepath.Abs(dir)
	if err == nil {
		real, err = filepath.EvalSymlinks(real)
	}
	if err != nil {
		return n, nil // the target itself will say so
	}
	root := real
	if repo, err := git.Find(ctx, real); err == nil {
		root = repo.Root
	}
	tree, err := os.OpenRoot(root)
	if err != nil {
		return n, nil // as above
	}
	defer tree.Close() //nolint:errcheck // only read from
	sub, err := filepath.Rel(root, real)
	if err != nil {
		return n, fmt.Errorf("reading %s: %w", gitleaksConfig, err)
	}
	folders := []string{sub}
	if sub != "." {
		folders = append(folders, ".")
	}
	for _, folder := range folders {
		if n.Config == nil && o.gitleaksConfig == "" {
			if n.Config, err = nativeFile(tree, filepath.Join(folder, gitleaksConfig)); err != nil {
				return n, err
			}
		}
		ignore, err := nativeFile(tree, filepath.Join(folder, gitleaksIgnore))
		if err != nil {
			return n, err
		}
		if ignore != nil {
			n.Ignore = append(n.Ignore, *ignore)
		}
	}
	n.Open = func(path string) ([]byte, error) { return extended(root, path) }
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

// nativeFile reads a file of a tree; nil where there is none. A link may not lead
// out of it.
func nativeFile(tree *os.Root, name string) (*secrets.File, error) {
	f, err := tree.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil //nolint:nilnil // there is none
	}
	if err != nil {
		return nil, noVerdict(fmt.Errorf("reading %s: %w", filepath.ToSlash(name), err))
	}
	text, err := readNative(f)
	if err != nil {
		return nil, noVerdict(fmt.Errorf("reading %s: %w", filepath.ToSlash(name), err))
	}
	return &secrets.File{Name: filepath.ToSlash(name), Text: text}, nil
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

// extended reads what a configuration extends, from the root of the repository.
func extended(root, path string) ([]byte, error) {
	tree, err := os.OpenRoot(root)
	if err != nil {
		return nil, err
	}
	defer tree.Close() //nolint:errcheck // only read from
	f, err := tree.Open(filepath.FromSlash(path))
	if err != nil {
		return nil, err
	}
	return readNative(f)
}

// namedFile reads a file that the user named. Inside the tree it goes by its path
// there, so that it is not scanned itself.
func (o scanOptions) namedFile(root, path string) (*secrets.File, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, usage(fmt.Errorf("%w: check the path", err))
	}
	text, err := readNative(f)
	if err != nil {
		return nil, usage(fmt.Errorf("reading %s: %w", path, err))
	}
	name := filepath.ToSlash(path)
	if full, err := filepath.Abs(path); err == nil {
		if full, err = filepath.EvalSymlinks(full); err == nil {
			if rel, err := filepath.Rel(root, full); err == nil && filepath.IsLocal(rel) {
				name = filepath.ToSlash(rel)
			}
		}
	}
	return &secrets.File{Name: name, Text: text}, nil
}
