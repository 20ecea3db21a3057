package policy

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
)

// Names are the names of the policy file; a folder has one of them at most.
var Names = []string{".boltseal.yaml", ".boltseal.yml"}

// ErrBad says that a policy file cannot be one: a link, a device, too large, one of
// two. Files wrap it; every other error says that a file could not be read.
var ErrBad = errors.New("not a policy file")

// Files are where policy files are read: a work tree, a commit, a forge.
type Files interface {
	// Read gives the content of a file, of at most MaxBytes; its path has slashes
	// and is relative to the root. A file that is not there is fs.ErrNotExist.
	Read(path string) ([]byte, error)
	// Name is how reports name the file at a path, Ref the commit at which files
	// are read, empty for a work tree.
	Name(path string) string
	Ref() string
}

// MaxBytes is the largest policy file that is loaded.
const MaxBytes = 1 << 20

// Find loads the policies that apply to a folder, which is given like the path of
// a file: its own and those of the folders above it, up to the root, the nearest
// first. There may be none.
func Find(files Files, dir string) ([]*Policy, error) {
	var found []*Policy
	for {
		p, err := readFirst(files, dir)
		if err != nil {
			return nil, err
		}
		if p != nil {
			found = append(found, p)
		}
		if dir == "." || dir == "" {
			return found, nil
		}
		dir = path.Dir(dir)
	}
}

// readFirst loads the policy in a folder; nil where there is none. Two are one too
// many: nobody should have to know which one counts.
func readFirst(files Files, dir string) (*Policy, error) {
	var found *Policy
	for _, name := range Names {
		at := path.Join(dir, name)
		data, err := files.Read(at)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("reading policy %s: %w", files.Name(at), err)
		}
		if found != nil {
			return nil, fmt.Errorf("%w: %s stands beside %s; keep one of them", ErrBad, files.Name(at), found.Path)
		}
		if found, err = Load(files.Name(at), data); err != nil {
			return nil, err
		}
		found.Ref = files.Ref()
	}
	return found, nil
}
