package exampleimage

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"io"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// entry is one entry of a layer, in the order of the tar.
type entry struct {
	name string // a folder's ends in a slash
	mode int64
	kind byte
	link string
	data string
}

func dir(name string, mode int64) entry {
	return entry{name: name, mode: mode, kind: tar.TypeDir}
}

func file(name string, mode int64, data string) entry {
	return entry{name: name, mode: mode, kind: tar.TypeReg, data: data}
}

func symlink(name, target string) entry {
	return entry{name: name, mode: 0o777, kind: tar.TypeSymlink, link: target}
}

// layer packs entries. Owner and time are fixed, so that equal entries give equal
// bytes.
func layer(entries []entry, at time.Time) (v1.Layer, error) {
	data, err := pack(entries, at)
	if err != nil {
		return nil, err
	}
	open := func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil }
	return tarball.LayerFromOpener(open,
		tarball.WithMediaType(types.OCILayer), tarball.WithCompressionLevel(gzip.BestCompression))
}

func pack(entries []entry, at time.Time) ([]byte, error) {
	var buf bytes.Buffer
	w := tar.NewWriter(&buf)
	for _, e := range entries {
		err := w.WriteHeader(&tar.Header{
			Typeflag: e.kind, Name: e.name, Linkname: e.link, Mode: e.mode,
			Size: int64(len(e.data)), ModTime: at, Format: tar.FormatUSTAR,
		})
		if err != nil {
			return nil, err
		}
		if _, err := io.WriteString(w, e.data); err != nil {
			return nil, err
		}
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return buf.Bytes(), nil
}
