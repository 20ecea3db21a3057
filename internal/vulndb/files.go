package vulndb

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// files are where the files of a database lie: a folder, or a tar file of them.
type files interface {
	// name is for messages.
	name() string
	// manifest gives fs.ErrNotExist where there is none.
	manifest() ([]byte, error)
	// mapped gives the bytes of a file until held releases them.
	mapped(f File) (data []byte, h held, err error)
	// holdsAny says whether there are files of a database, with a manifest or
	// without.
	holdsAny() bool
	// giveBack says that what is mapped is not needed for now.
	giveBack()
	close() error
}

// dirFiles are files in a folder.
type dirFiles string

func (d dirFiles) name() string { return string(d) }

func (d dirFiles) manifest() ([]byte, error) {
	file, err := os.Open(filepath.Join(string(d), manifestFile))
	if err != nil {
		return nil, err
	}
	defer file.Close() //nolint:errcheck // only read from
	return readBounded(file, maxManifest)
}

func readBounded(r io.Reader, most int64) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, most+1))
	if err == nil && int64(len(data)) > most {
		err = fmt.Errorf("%s: %w: more than %d bytes", manifestFile, errLimit, most)
	}
	return data, err
}

func (d dirFiles) mapped(f File) ([]byte, held, error) {
	return openMapped(filepath.Join(string(d), f.Name))
}

func (d dirFiles) holdsAny() bool {
	entries, err := os.ReadDir(string(d))
	if err != nil {
		return false
	}
	for _, e := range entries {
		if databaseFile().MatchString(e.Name()) {
			return true
		}
	}
	return false
}

// giveBack does nothing: each file is held by itself.
func (d dirFiles) giveBack() {}

func (d dirFiles) close() error { return nil }

// tarFiles are files in a tar file, which is mapped as a whole.
type tarFiles struct {
	path    string
	members map[string][]byte
	held
}

// maxMembers is far above the number of files of a database.
const maxMembers = 4 * maxParts

// openTar finds the members of a tar file.
func openTar(path string) (*tarFiles, error) {
	data, h, err := openMapped(path)
	if err != nil {
		return nil, fmt.Errorf("opening database: %w", err)
	}
	t := &tarFiles{path: path, members: make(map[string][]byte), held: h}
	if err := t.list(data); err != nil {
		return nil, errors.Join(fmt.Errorf("opening database %q: %w", path, err), h.release())
	}
	return t, nil
}

func (t *tarFiles) list(data []byte) error {
	at := bytes.NewReader(data)
	archive := tar.NewReader(at)
	for {
		h, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%w (%w)", errDamaged, err)
		}
		name := strings.TrimPrefix(h.Name, "./")
		if h.Typeflag != tar.TypeReg || name != manifestFile && !databaseFile().MatchString(name) {
			continue
		}
		start := int64(len(data)) - int64(at.Len())
		if h.Size > int64(at.Len()) {
			return fmt.Errorf("%w (it ends within %s)", errDamaged, name)
		}
		if len(t.members) == maxMembers {
			return fmt.Errorf("%w: more than %d files", errLimit, maxMembers)
		}
		t.members[name] = data[start : start+h.Size : start+h.Size]
	}
}

func (t *tarFiles) name() string { return t.path }

func (t *tarFiles) manifest() ([]byte, error) {
	data, ok := t.members[manifestFile]
	if !ok {
		return nil, fs.ErrNotExist
	}
	return readBounded(bytes.NewReader(data), maxManifest)
}

func (t *tarFiles) mapped(f File) ([]byte, held, error) {
	data, ok := t.members[f.Name]
	if !ok {
		return nil, held{}, &fs.PathError{Op: "open", Path: t.path + "/" + f.Name, Err: fs.ErrNotExist}
	}
	return data, held{}, nil // the tar file is held as a whole
}

func (t *tarFiles) holdsAny() bool { return len(t.members) > 0 }

// close leaves nothing to give back: what lies there next is somebody else's.
func (t *tarFiles) close() error {
	h := t.held
	t.held = held{}
	return h.release()
}
