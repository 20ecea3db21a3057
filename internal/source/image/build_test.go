package image_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/klauspost/compress/zstd"

	"github.com/boltseal/boltseal/internal/scan"
	"github.com/boltseal/boltseal/internal/source/image"
)

// file is a header with its content.
type file struct {
	tar.Header
	data string
}

func text(name, data string) file {
	return file{tar.Header{Name: name, Mode: 0o644, Typeflag: tar.TypeReg}, data}
}

func tarOf(t testing.TB, files ...file) []byte {
	t.Helper()
	var buf bytes.Buffer
	w := tar.NewWriter(&buf)
	for _, f := range files {
		h := f.Header
		if h.Typeflag == tar.TypeReg {
			h.Size = int64(len(f.data))
		}
		must(t, w.WriteHeader(&h))
		if h.Typeflag == tar.TypeReg {
			_, err := io.WriteString(w, f.data)
			must(t, err)
		}
	}
	must(t, w.Close())
	return buf.Bytes()
}

func gzipped(t testing.TB, data []byte) []byte {
	t.Helper()
	var buf bytes.Buffer
	w := gzip.NewWriter(&buf)
	_, err := w.Write(data)
	must(t, err)
	must(t, w.Close())
	return buf.Bytes()
}

func zstded(t testing.TB, data []byte) []byte {
	t.Helper()
	w, err := zstd.NewWriter(nil)
	must(t, err)
	return w.EncodeAll(data, nil)
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// blob is a layer with whatever digests, sizes and bytes a test wants.
type blob struct {
	data      []byte
	unpacked  []byte // what the diff id is of; nil for data
	mediaType types.MediaType
	digest    v1.Hash // where it is not that of data
	diffID    v1.Hash // where it is not that of unpacked
	stored    []byte  // what the file holds, where it is not data
}

func hashOf(data []byte) v1.Hash {
	h, _, err := v1.SHA256(bytes.NewReader(data))
	if err != nil {
		panic(err)
	}
	return h
}

func (b blob) Digest() (v1.Hash, error) {
	if b.digest != (v1.Hash{}) {
		return b.digest, nil
	}
	return hashOf(b.data), nil
}

func (b blob) DiffID() (v1.Hash, error) {
	switch {
	case b.diffID != (v1.Hash{}):
		return b.diffID, nil
	case b.unpacked != nil:
		return hashOf(b.unpacked), nil
	}
	return hashOf(b.data), nil
}

func (b blob) Compressed() (io.ReadCloser, error)   { return io.NopCloser(bytes.NewReader(b.data)), nil }
func (b blob) Uncompressed() (io.ReadCloser, error) { return nil, errors.New("not wanted") }

func (b blob) Size() (int64, error) {
	return int64(len(b.data)), nil
}

func (b blob) MediaType() (types.MediaType, error) {
	if b.mediaType != "" {
		return b.mediaType, nil
	}
	return types.OCILayer, nil
}

func plain(t testing.TB, files ...file) blob {
	t.Helper()
	return blob{data: tarOf(t, files...), mediaType: types.OCIUncompressedLayer}
}

func packed(t testing.TB, files ...file) blob {
	t.Helper()
	data := tarOf(t, files...)
	return blob{data: gzipped(t, data), unpacked: data}
}

// imageOf is an image for linux/amd64 with a history.
func imageOf(t testing.TB, layers ...v1.Layer) v1.Image {
	t.Helper()
	return platformImage(t, "amd64", layers...)
}

func platformImage(t testing.TB, arch string, layers ...v1.Layer) v1.Image {
	t.Helper()
	img, err := mutate.ConfigFile(empty.Image, &v1.ConfigFile{
		OS: "linux", Architecture: arch,
		RootFS: v1.RootFS{Type: "layers"},
		Config: v1.Config{User: "app"},
	})
	must(t, err)
	adds := []mutate.Addendum{{History: v1.History{CreatedBy: "ENV A=b", EmptyLayer: true}}}
	for i, l := range layers {
		adds = append(adds, mutate.Addendum{Layer: l, History: v1.History{CreatedBy: fmt.Sprintf("COPY %d / # buildkit", i)}})
	}
	img, err = mutate.Append(img, adds...)
	must(t, err)
	return mutate.MediaType(img, types.OCIManifestSchema1)
}

// layoutOf writes an image layout and gives its path.
func layoutOf(t testing.TB, images ...v1.Image) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "app")
	p, err := layout.Write(dir, empty.Index)
	must(t, err)
	for i, img := range images {
		must(t, p.AppendImage(img, layout.WithAnnotations(map[string]string{
			"org.opencontainers.image.ref.name": fmt.Sprintf("registry.example.com/team/app:%d", i+1),
		})))
	}
	return dir
}

// tarDir writes the files of a directory into a tar.
func tarDir(t testing.TB, dir string) []byte {
	t.Helper()
	var buf bytes.Buffer
	w := tar.NewWriter(&buf)
	must(t, w.AddFS(os.DirFS(dir)))
	must(t, w.Close())
	return buf.Bytes()
}

func write(t testing.TB, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	must(t, os.WriteFile(path, data, 0o600))
	return path
}

// layoutTar is layoutOf as an archive.
func layoutTar(t testing.TB, images ...v1.Image) string {
	t.Helper()
	return write(t, "app.tar", tarDir(t, layoutOf(t, images...)))
}

// dockerTar writes what docker save would have.
func dockerTar(t testing.TB, tags map[string]v1.Image) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "app.tar")
	must(t, tarball.MultiWriteToFile(path, tagged(t, tags)))
	return path
}

// recorder writes down what a walk tells, contents included.
type recorder struct {
	lines []string
	stop  error
	onto  func(scan.Entry, func() (io.ReadCloser, error)) error
}

func (r *recorder) Entry(e scan.Entry, open func() (io.ReadCloser, error)) error {
	if r.onto != nil {
		if err := r.onto(e, open); err != nil {
			return err
		}
	}
	line := fmt.Sprintf("%s %q %v %d", kinds[e.Kind], e.Path, e.Mode, e.Size)
	if e.Link != "" {
		line += " -> " + e.Link
	}
	if e.Capabilities != nil {
		line += " has " + e.Capabilities.String()
	}
	if e.Kind == scan.File && r.onto == nil {
		content, err := open()
		if err != nil {
			line += " open: " + err.Error()
		} else {
			data, err := io.ReadAll(io.LimitReader(content, 64))
			line += fmt.Sprintf(" %q", data)
			if err != nil {
				line += " read: " + err.Error()
			}
		}
	}
	r.lines = append(r.lines, line)
	return r.stop
}

var kinds = map[scan.EntryKind]string{
	scan.File: "file", scan.Dir: "dir", scan.Symlink: "symlink", scan.Hardlink: "hardlink",
	scan.Device: "device", scan.Whiteout: "whiteout", scan.Opaque: "opaque",
}

func (r *recorder) Skipped(path, reason string) {
	r.lines = append(r.lines, fmt.Sprintf("skipped %q %s", path, reason))
}

func (r *recorder) Failed(path string, err error) {
	r.lines = append(r.lines, fmt.Sprintf("failed %q %v", path, err))
}

// open opens what must open and closes it when the test ends.
func open(t testing.TB, scheme, path string, opt image.Options) []scan.Source {
	t.Helper()
	sources, err := image.Open(t.Context(), scheme, path, opt)
	must(t, err)
	for _, s := range sources {
		t.Cleanup(func() { must(t, s.Close()) })
	}
	return sources
}

// walkAll walks every unit and gives what it told, with its error at the end.
func walkAll(t testing.TB, s scan.Source) []string {
	t.Helper()
	var lines []string
	for _, u := range s.Units() {
		r := &recorder{}
		err := u.Walk(t.Context(), r)
		lines = append(lines, u.Name)
		for _, l := range r.lines {
			lines = append(lines, "  "+l)
		}
		if err != nil {
			lines = append(lines, "  error "+err.Error())
		}
	}
	return lines
}

// walkLayer walks an image of one layer.
func walkLayer(t testing.TB, b blob, opt image.Options) ([]string, error) {
	t.Helper()
	dir := layoutOf(t, imageOf(t, b))
	s := open(t, image.SchemeOCIDir, dir, opt)[0]
	if b.stored != nil {
		must(t, os.WriteFile(blobPath(dir, s.Target().Image.Layers[0].Digest), b.stored, 0o600))
	}
	r := &recorder{}
	err := s.Units()[0].Walk(t.Context(), r)
	return r.lines, err
}

// wantError wants an error that says all the words.
func wantError(t testing.TB, err error, words ...string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error, want one that says %q", words)
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("error %q does not say %q", err, w)
		}
	}
	if strings.Contains(err.Error(), "\n") {
		t.Errorf("error is not one line: %q", err)
	}
}

func blobPath(dir, digest string) string {
	return filepath.Join(dir, "blobs", strings.ReplaceAll(digest, ":", "/"))
}

func removeBlob(t testing.TB, dir, digest string) {
	t.Helper()
	must(t, os.Remove(blobPath(dir, digest)))
}
