package image

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
)

// store gives access to named files. Names are clean, with slashes, relative.
type store interface {
	// open gives a file's content from the front, and its size, -1 where only
	// reading it tells. Files can be read at the same time. What is not there is an
	// fs.ErrNotExist.
	open(ctx context.Context, name string) (io.ReadCloser, int64, error)
	// size is a file's size.
	size(name string) (int64, error)
	// unique says whether only one file has this name; a tar may hold several,
	// and readers differ on which one counts.
	unique(name string) bool
	// damage says what is wrong with the store as a whole, where reading it to
	// its end was not possible.
	damage() error
	close() error
}

// folder is a store in a directory. Links do not lead out of it.
type folder struct {
	root *os.Root
}

func openFolder(path string) (store, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, reason(err)
	}
	if !info.IsDir() {
		return nil, fmt.Errorf("not a directory; for a tar of an image layout use %s:PATH", SchemeOCIArchive)
	}
	root, err := os.OpenRoot(path)
	if err != nil {
		return nil, reason(err)
	}
	return &folder{root}, nil
}

// reason takes the path out of an error that will be told with it.
func reason(err error) error {
	if pe := (*fs.PathError)(nil); errors.As(err, &pe) {
		return pe.Err
	}
	return err
}

func (f *folder) open(_ context.Context, name string) (io.ReadCloser, int64, error) {
	size, err := f.size(name)
	if err != nil {
		return nil, 0, err
	}
	file, err := f.root.Open(name)
	if err != nil {
		return nil, 0, fmt.Errorf("%s: %w", name, reason(err))
	}
	return file, size, nil
}

// size also keeps open from waiting for the writer of a fifo.
func (f *folder) size(name string) (int64, error) {
	info, err := f.root.Stat(name)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", name, reason(err))
	}
	if !info.Mode().IsRegular() {
		return 0, fmt.Errorf("%s: not a regular file", name)
	}
	return info.Size(), nil
}

func (*folder) unique(string) bool { return true }
func (*folder) damage() error      { return nil }
func (f *folder) close() error     { return f.root.Close() }

// blobs is the folder of a layout's content.
const blobs = "blobs"

// blobName is where a layout keeps a blob.
// https://github.com/opencontainers/image-spec/blob/main/image-layout.md
func blobName(algorithm, hex string) string {
	return path.Join(blobs, algorithm, hex)
}
