package image

import (
	"archive/tar"
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// The bounds of recognising a file: of what is unpacked and of the names looked at.
const (
	maxDetect      = 8 << 30
	maxDetectNames = 1_000_000
)

// Detect tells by content whether a file or directory holds container images, and
// in what scheme. What holds both forms, as docker save writes since version 25,
// is a docker archive, and so is what looks like one that breaks off: opening it
// says more.
func Detect(file string) (scheme string, ok bool) {
	info, err := os.Stat(file)
	switch {
	case err != nil:
		return "", false
	case info.IsDir():
		if detectFolder(file) {
			return SchemeOCIDir, true
		}
		return "", false
	case !info.Mode().IsRegular():
		return "", false
	}
	f, err := os.Open(file)
	if err != nil {
		return "", false
	}
	defer f.Close() //nolint:errcheck // only read from
	return detectArchive(f, info.Size())
}

// detectFolder looks for the two files of an image layout.
func detectFolder(dir string) bool {
	f, err := openFolder(dir)
	if err != nil {
		return false
	}
	defer f.close() //nolint:errcheck // only read from
	var found signs
	for _, name := range []string{ociLayout, ociIndex} {
		r, size, err := f.open(context.Background(), name)
		if err != nil {
			return false
		}
		found.note(name, size, r)
		r.Close() //nolint:errcheck // only read from
	}
	return found.layout && found.index
}

// detectArchive looks for the documents of either form in a tar.
func detectArchive(file io.ReaderAt, size int64) (string, bool) {
	head := make([]byte, headSize)
	n, err := file.ReadAt(head, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return "", false
	}
	section := io.NewSectionReader(file, 0, size)
	var r io.Reader = section
	if sniff(head[:n]) != formatPlain {
		raw := &counting{r: section}
		u, err := decompress(bufio.NewReaderSize(raw, bufferSize))
		if err != nil {
			return "", false
		}
		defer u.close()
		r = newGuard(context.Background(), u, raw, Options{MaxUnpacked: maxDetect}.filled()).reader()
	}
	var found signs
	names, layers := 0, false
	err = eachMember(context.Background(), r, func(name string, h *tar.Header, body io.Reader) error {
		if names++; names > maxDetectNames || found.docker {
			return io.EOF
		}
		if h.Typeflag == tar.TypeReg && !isSparse(h) {
			found.note(name, h.Size, body)
		}
		layers = layers || digestInName(name) != (v1.Hash{}) || path.Base(name) == "layer.tar"
		return nil
	})
	switch {
	case found.docker:
		return SchemeDockerArchive, true
	case found.layout && found.index:
		return SchemeOCIArchive, true
	case layers && errors.Is(err, io.ErrUnexpectedEOF):
		return SchemeDockerArchive, true
	default:
		return "", false
	}
}

// signs are the documents by which images are recognised.
type signs struct {
	docker, layout, index bool
}

// note looks at a file that may be one of them.
func (s *signs) note(name string, size int64, r io.Reader) {
	if (name != dockerManifest && name != ociLayout && name != ociIndex) || size > maxDocument {
		return
	}
	data, err := io.ReadAll(io.LimitReader(r, maxDocument))
	if err != nil {
		return
	}
	switch name {
	case dockerManifest:
		_, err := parseDockerManifest(data)
		s.docker = s.docker || err == nil
	case ociLayout:
		var l struct {
			Version string `json:"imageLayoutVersion"`
		}
		s.layout = s.layout || (json.Unmarshal(data, &l) == nil && l.Version != "")
	case ociIndex:
		var x struct {
			Manifests []json.RawMessage `json:"manifests"`
		}
		s.index = s.index || (json.Unmarshal(data, &x) == nil && x.Manifests != nil)
	}
}
