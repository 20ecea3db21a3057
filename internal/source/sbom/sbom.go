// Package sbom is the source of lists of software that were made elsewhere:
// CycloneDX (JSON, XML) and SPDX 2 (JSON, tag-value). What a component is, its
// package URL says; one without cannot be matched with anything, and is counted.
package sbom

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/boltseal/boltseal/internal/scan"
)

// Limits of a document. They are errors, never silent.
const (
	// MaxSize is how many bytes it may have.
	MaxSize = 256 << 20
	// MaxComponents is how many components it may list.
	MaxComponents = 1_000_000
	maxDepth      = 64   // of components in components
	maxText       = 4096 // of a name, version or package URL
)

// source is one document.
type source struct {
	target scan.Target
	path   string // to open it
	entry  scan.Entry
}

// Open reads a document. The target is called "sbom:" and the path as it was typed.
// A document that is broken is an error with the place; what is wrong with one
// component is told by the scan.
func Open(_ context.Context, path string) (scan.Source, error) {
	data, info, err := read(path)
	if err != nil {
		return nil, fmt.Errorf("opening %q: %w", path, err)
	}
	doc, err := parse(data)
	if err != nil {
		return nil, fmt.Errorf("reading SBOM %q: %w", path, err)
	}
	clean := filepath.ToSlash(filepath.Clean(path))
	return &source{
		target: scan.Target{Kind: scan.KindSBOM, Name: "sbom:" + clean, Listed: doc.listed(clean)},
		path:   path,
		entry:  scan.Entry{Path: clean, Mode: info.Mode().Perm(), Size: info.Size(), Named: true},
	}, nil
}

func read(path string) ([]byte, fs.FileInfo, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, nil, plain(err)
	}
	switch {
	case !info.Mode().IsRegular():
		return nil, nil, errors.New("no file")
	case info.Size() > MaxSize:
		return nil, nil, fmt.Errorf("%w: more than %d bytes", scan.ErrTooLarge, MaxSize)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, plain(err)
	}
	defer f.Close() //nolint:errcheck // only read from
	data, err := io.ReadAll(io.LimitReader(f, MaxSize+1))
	if err != nil {
		return nil, nil, plain(err)
	}
	if len(data) > MaxSize {
		return nil, nil, fmt.Errorf("%w: more than %d bytes", scan.ErrTooLarge, MaxSize)
	}
	return data, info, nil
}

// plain takes the system call and the path out of an error.
func plain(err error) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Err
	}
	return err
}

// Target implements scan.Source.
func (s *source) Target() scan.Target { return s.target }

// Close implements scan.Source.
func (*source) Close() error { return nil }

// Units implements scan.Source: the document itself, so that it is counted as read.
func (s *source) Units() []scan.Unit {
	return []scan.Unit{{Name: "document", Walk: func(_ context.Context, v scan.Visitor) error {
		return v.Entry(s.entry, func() (io.ReadCloser, error) { return os.Open(s.path) })
	}}}
}
