package image_test

import (
	"archive/tar"
	"io"
	"os"
	"path"
	"strings"
	"testing"
	"unicode/utf8"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/boltseal/boltseal/internal/scan"
	"github.com/boltseal/boltseal/internal/source/image"
)

// FuzzWalk walks arbitrary bytes as a layer: no panic, no entry outside the image,
// no more bytes than allowed, the same again on a second walk.
func FuzzWalk(f *testing.F) {
	seed := tarOf(
		f,
		text("a/b", "content"), text(".wh.x", ""), text("a/.wh..wh..opq", ""), text("../out", ""),
		header("s", tar.TypeSymlink, "/etc/passwd"), header("h", tar.TypeLink, "a/b"), header("d/", tar.TypeDir, ""),
		able("c", tar.TypeReg, "SCHILY.xattr.security.capability", netRaw),
	)
	for _, data := range [][]byte{
		seed, gzipped(f, seed), zstded(f, seed), seed[:700], gzipped(f, seed)[:60], zstded(f, seed)[:40],
		sparse(f, 1<<40), paxRecord(f, "path", strings.Repeat("x/", 3000)),
		paxRecord(f, "LIBARCHIVE.xattr.security.capability", "AQAAAgAgAAAAAAAAAAAAAAAAAAA"), zeros(f, 1<<16), nil,
	} {
		f.Add(data)
	}
	dir := layoutOf(f, imageOf(f, plain(f, text("placeholder", ""))))
	s := open(f, image.SchemeOCIDir, dir, image.Options{MaxUnpacked: 1 << 20, MaxEntries: 1 << 40})[0]
	digest := s.Target().Image.Layers[0].Digest
	file := blobPath(dir, digest)
	f.Fuzz(func(t *testing.T, data []byte) {
		must(t, os.WriteFile(file, data, 0o600))
		first, second := walkChecked(t, s.Units()[0]), walkChecked(t, s.Units()[0])
		if first != second {
			t.Errorf("walks differ:\n%s\n%s", first, second)
		}
	})
}

func walkChecked(t *testing.T, u scan.Unit) string {
	t.Helper()
	read := int64(0)
	r := &recorder{}
	r.onto = func(e scan.Entry, open func() (io.ReadCloser, error)) error {
		if strings.HasPrefix(e.Path, "/") || (e.Path != "" && path.Clean(e.Path) != e.Path) ||
			e.Path == ".." || strings.HasPrefix(e.Path, "../") || !utf8.ValidString(e.Path+e.Link) || len(e.Path) > 4*4096 {
			t.Errorf("path %q of %+v", e.Path, e)
		}
		if e.Kind == scan.Hardlink && (e.Link == "" || path.Clean("/"+e.Link) != "/"+e.Link) {
			t.Errorf("link %q of %+v", e.Link, e)
		}
		if c := e.Capabilities; c != nil && (!c.Grants() || e.Kind != scan.File && e.Kind != scan.Hardlink) {
			t.Errorf("capabilities %q of %+v", c, e)
		}
		if content, err := open(); err == nil {
			n, _ := io.Copy(io.Discard, content)
			read += n
		}
		return nil
	}
	err := u.Walk(t.Context(), r)
	if err == nil {
		t.Error("no error from a layer with the wrong digest")
	}
	if read > 1<<20 {
		t.Errorf("read %d bytes", read)
	}
	if err != nil {
		r.lines = append(r.lines, err.Error())
	}
	return strings.Join(r.lines, "\n")
}

// FuzzOpen recognises and opens arbitrary bytes as archives of both forms.
func FuzzOpen(f *testing.F) {
	img := imageOf(f, packed(f, text("a", "1")))
	layout := tarDir(f, layoutOf(f, img))
	docker, err := os.ReadFile(dockerTar(f, map[string]v1.Image{"app": img}))
	must(f, err)
	for _, data := range [][]byte{layout, gzipped(f, layout), docker, zstded(f, docker), docker[:1500], nil} {
		f.Add(data)
	}
	file := write(f, "app.tar", nil)
	opt := image.Options{MaxUnpacked: 1 << 20}
	f.Fuzz(func(t *testing.T, data []byte) {
		must(t, os.WriteFile(file, data, 0o600))
		image.Detect(file)
		for _, scheme := range []string{image.SchemeDockerArchive, image.SchemeOCIArchive} {
			sources, err := image.Open(t.Context(), scheme, file, opt)
			if len(sources) == 0 && err == nil {
				t.Error("neither sources nor error")
			}
			for _, s := range sources {
				if s.Target().Image.Config == nil || s.Target().Image.Name == "" || len(s.Units()) != len(s.Target().Image.Layers) {
					t.Errorf("target %+v", s.Target())
				}
				for _, u := range s.Units()[:min(len(s.Units()), 5)] {
					u.Walk(t.Context(), &recorder{})
				}
				must(t, s.Close())
			}
		}
	})
}

// FuzzDocuments puts arbitrary documents where an image's own are looked for.
func FuzzDocuments(f *testing.F) {
	f.Add(`[{"Config":"c","RepoTags":["a:b"],"Layers":["l"]}]`, `{"rootfs":{"diff_ids":["sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"]}}`)
	f.Add(`{"manifests":[{"digest":"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}]}`, `{}`)
	f.Add(`null`, `null`)
	opt := image.Options{MaxUnpacked: 1 << 20}
	f.Fuzz(func(t *testing.T, list, config string) {
		file := write(t, "app.tar", tarOf(t, text("manifest.json", list), text("index.json", list), text("c", config), text("l", "")))
		for _, scheme := range []string{image.SchemeDockerArchive, image.SchemeOCIArchive} {
			sources, err := image.Open(t.Context(), scheme, file, opt)
			if len(sources) == 0 && err == nil {
				t.Error("neither sources nor error")
			}
			for _, s := range sources {
				must(t, s.Close())
			}
		}
	})
}
