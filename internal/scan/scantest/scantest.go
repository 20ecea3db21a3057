// Package scantest makes sources in memory for tests of scanners.
package scantest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/boltseal/boltseal/internal/scan"
)

// File is one entry with its content. Size is taken from Data where it is 0. Err,
// where set, is what opening it answers.
type File struct {
	scan.Entry
	Data []byte
	Err  error
}

// Text is a regular file with mode 0644.
func Text(path, data string) File {
	return File{Entry: scan.Entry{Path: path, Mode: 0o644}, Data: []byte(data)}
}

// Link is a symbolic link that reads as data, as a tree's link to a file does.
func Link(path, to, data string) File {
	return File{Entry: scan.Entry{Path: path, Kind: scan.Symlink, Mode: 0o777, Link: to}, Data: []byte(data)}
}

// Layer is one layer of an image; Err, where set, ends its walk.
type Layer struct {
	Files       []File
	Instruction string
	Err         error
	// Digest is made up from the content where it is empty.
	Digest string
}

// source is a scan.Source in memory.
type source struct {
	target scan.Target
	units  []scan.Unit
}

func (s *source) Target() scan.Target { return s.target }
func (s *source) Units() []scan.Unit  { return s.units }
func (s *source) Close() error        { return nil }

// Tree is a directory that holds the files, in the order of paths.
func Tree(files ...File) scan.Source {
	files = slices.Clone(files)
	slices.SortFunc(files, func(a, b File) int { return bytes.Compare([]byte(a.Path), []byte(b.Path)) })
	return &source{
		target: scan.Target{Kind: scan.KindTree, Name: "dir:."},
		units:  []scan.Unit{{Name: "work tree", Walk: walk(files, false, nil)}},
	}
}

// Image is an image of the layers, oldest first. A nil config is an empty one.
func Image(name string, config *v1.ConfigFile, layers ...Layer) scan.Source {
	if config == nil {
		config = &v1.ConfigFile{OS: "linux", Architecture: "amd64"}
	}
	s := &source{target: scan.Target{
		Kind: scan.KindImage, Name: "oci-dir:" + name, Digest: "sha256:0",
		Image: &scan.Image{Name: name, Reference: name, Platform: "linux/amd64", Config: config},
	}}
	for _, l := range layers {
		if l.Digest == "" {
			l.Digest = digest(l.Files)
		}
		s.target.Image.Layers = append(s.target.Image.Layers, scan.Layer{
			Digest: l.Digest, DiffID: l.Digest, Instruction: l.Instruction, History: -1,
		})
		s.units = append(s.units, scan.Unit{
			Name: "layer " + l.Digest[:min(len(l.Digest), 19)], Digest: l.Digest, Sequential: true, Walk: walk(l.Files, true, l.Err),
		})
	}
	return s
}

func digest(files []File) string {
	h := sha256.New()
	for _, f := range files {
		_, _ = fmt.Fprintf(h, "%q %d %o %q %d %+v\n", f.Path, f.Kind, f.Mode, f.Link, len(f.Data), f.Capabilities)
		h.Write(f.Data)
	}
	return fmt.Sprintf("sha256:%x", h.Sum(nil))
}

var errClosed = errors.New("content read after Entry returned")

// content fails when it is read after its time, as a tar stream would.
type content struct {
	*bytes.Reader
	closed *bool
}

func (c content) Read(p []byte) (int, error) {
	if *c.closed {
		return 0, errClosed
	}
	return c.Reader.Read(p)
}

func (content) Close() error { return nil }

// walk offers the files. A tree's content can be read at any time, a layer's only
// until Entry returns.
func walk(files []File, sequential bool, end error) func(context.Context, scan.Visitor) error {
	return func(_ context.Context, v scan.Visitor) error {
		for _, f := range files {
			if f.Size == 0 {
				f.Size = int64(len(f.Data))
			}
			closed := false
			err := v.Entry(f.Entry, func() (io.ReadCloser, error) {
				if f.Err != nil {
					return nil, f.Err
				}
				if link := f.Kind == scan.Symlink && f.Data != nil && !sequential; f.Kind != scan.File && !link {
					return nil, fs.ErrInvalid
				}
				return content{bytes.NewReader(f.Data), &closed}, nil
			})
			if sequential {
				closed = true
			}
			if err != nil {
				return err
			}
		}
		return end
	}
}
