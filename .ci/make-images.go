//go:build linux || darwin

// The images of .ci/bench-images: OCI image layouts.
package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// recipe is what goes into an image.
type recipe struct {
	name     string
	packages string // beside Debian's minimal ones
	// modules are installed node modules; entries, how many entries the image has in
	// the end, filled up with small files of them.
	modules, entries int
	programs         int
	jars             int
	data             int // megabytes that hardly compress
	text             int // megabytes that do
}

// recipes are the images that are known by name.
var recipes = []recipe{
	{name: "small", packages: "ca-certificates,curl", modules: 60, entries: 12_000, programs: 1, jars: 5},
	{name: "medium", packages: "ca-certificates,curl,build-essential,python3-pip,python3-venv,python3-numpy,nodejs,npm,git", modules: 300, entries: 60_000, programs: 3, jars: 30, data: 20, text: 30},
	{
		name: "large", packages: "ca-certificates,curl,build-essential,python3-pip,python3-scipy,python3-pandas,nodejs,npm,git,openjdk-17-jdk-headless,maven,libreoffice-core,clang,ruby,php-cli,golang-go,postgresql",
		modules: 800, entries: 124_750, programs: 6, jars: 100, data: 20, text: 60,
	},
}

// maker writes an image layout.
type maker struct {
	dir     string
	zstd    bool
	suite   string
	sources []string // files to cut text from
	random  *rand.Rand
	entries int
	layers  []blob
	diffIDs []string
	history []map[string]any
}

// blob is one of a layout.
type blob struct {
	MediaType string            `json:"mediaType"`
	Digest    string            `json:"digest"`
	Size      int64             `json:"size"`
	Platform  map[string]string `json:"platform,omitempty"`
}

// layerWriter writes a layer.
type layerWriter struct {
	*tar.Writer
	maker *maker
}

var created = time.Date(2025, 6, 1, 0, 0, 0, 0, time.UTC)

// makeImage makes an image in a folder that does not exist yet.
func makeImage(dir string, r recipe, suite string, zstandard bool) error {
	m := &maker{dir: dir, zstd: zstandard, suite: suite, random: rand.New(rand.NewPCG(6, 6))}
	if err := m.gather(); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Join(dir, "blobs", "sha256"), 0o700); err != nil {
		return err
	}
	steps := []struct {
		by   string
		make func(*layerWriter) error
	}{
		{"ADD rootfs.tar / # buildkit", func(w *layerWriter) error { return w.root(r.packages) }},
		{"COPY bin /usr/local/bin # buildkit", func(w *layerWriter) error { return w.programs(r.programs) }},
		{"COPY lib /srv/lib # buildkit", func(w *layerWriter) error { return w.jars(r.jars) }},
		{"COPY data /srv/data # buildkit", func(w *layerWriter) error { return w.data(r.data, r.text) }},
		{"RUN /bin/sh -c rm -rf /usr/share/doc # buildkit", func(w *layerWriter) error { return w.deletes() }},
		{"RUN /bin/sh -c npm ci # buildkit", func(w *layerWriter) error { return w.modules(r.modules, r.entries) }},
	}
	for _, s := range steps {
		if err := m.layer(s.by, s.make); err != nil {
			return fmt.Errorf("making %q: %w", s.by, err)
		}
	}
	return m.finish()
}

// gather finds texts: the Go source.
func (m *maker) gather() error {
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return err
	}
	err = filepath.WalkDir(filepath.Join(strings.TrimSpace(string(root)), "src"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() || filepath.Ext(path) != ".go" {
			return err
		}
		m.sources = append(m.sources, path)
		return nil
	})
	slices.Sort(m.sources)
	return err
}

// layer writes one layer and its compressed blob.
func (m *maker) layer(by string, fill func(*layerWriter) error) error {
	file, err := os.CreateTemp(m.dir, "layer-")
	if err != nil {
		return err
	}
	defer file.Close()
	raw, unpacked := sha256.New(), sha256.New()
	var packer io.WriteCloser
	mediaType := "application/vnd.oci.image.layer.v1.tar+gzip"
	if m.zstd {
		mediaType = "application/vnd.oci.image.layer.v1.tar+zstd"
		packer, err = zstd.NewWriter(io.MultiWriter(file, raw))
	} else {
		packer, err = gzip.NewWriterLevel(io.MultiWriter(file, raw), 6)
	}
	if err != nil {
		return err
	}
	w := &layerWriter{tar.NewWriter(io.MultiWriter(packer, unpacked)), m}
	if err := errors.Join(fill(w), w.Close(), packer.Close()); err != nil {
		return err
	}
	info, err := file.Stat()
	if err != nil {
		return err
	}
	m.layers = append(m.layers, blob{MediaType: mediaType, Digest: digest(raw), Size: info.Size()})
	m.diffIDs = append(m.diffIDs, digest(unpacked))
	m.history = append(m.history, map[string]any{"created": created, "created_by": by})
	return os.Rename(file.Name(), m.path(digest(raw)))
}

func digest(h hash.Hash) string { return fmt.Sprintf("sha256:%x", h.Sum(nil)) }

func (m *maker) path(digest string) string {
	return filepath.Join(m.dir, "blobs", "sha256", strings.TrimPrefix(digest, "sha256:"))
}

// document writes a JSON document as a blob.
func (m *maker) document(mediaType string, content any) (blob, error) {
	data, err := json.Marshal(content)
	if err != nil {
		return blob{}, err
	}
	h := sha256.New()
	h.Write(data)
	b := blob{MediaType: mediaType, Digest: digest(h), Size: int64(len(data))}
	return b, os.WriteFile(m.path(b.Digest), data, 0o600)
}

// finish writes the documents of the layout.
func (m *maker) finish() error {
	config, err := m.document("application/vnd.oci.image.config.v1+json", map[string]any{
		"architecture": "amd64", "os": "linux", "created": created.AddDate(2, 0, 0),
		"config": map[string]any{"Env": []string{"PATH=/usr/local/bin:/usr/bin:/bin"}, "Cmd": []string{"/usr/local/bin/program-0"}},
		"rootfs": map[string]any{"type": "layers", "diff_ids": m.diffIDs}, "history": m.history,
	})
	if err != nil {
		return err
	}
	manifest, err := m.document("application/vnd.oci.image.manifest.v1+json", map[string]any{
		"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json", "config": config, "layers": m.layers,
	})
	if err != nil {
		return err
	}
	manifest.Platform = map[string]string{"os": "linux", "architecture": "amd64"}
	index, err := json.Marshal(map[string]any{"schemaVersion": 2, "manifests": []blob{manifest}})
	if err != nil {
		return err
	}
	return errors.Join(
		os.WriteFile(filepath.Join(m.dir, "oci-layout"), []byte(`{"imageLayoutVersion":"1.0.0"}`), 0o600),
		os.WriteFile(filepath.Join(m.dir, "index.json"), index, 0o600), // the last: an image that has one is whole
	)
}

// write writes a file.
func (w *layerWriter) write(name string, mode int64, data []byte) error {
	w.maker.entries++
	if err := w.WriteHeader(&tar.Header{Name: name, Mode: mode, Size: int64(len(data)), Typeflag: tar.TypeReg, ModTime: created}); err != nil {
		return err
	}
	_, err := w.Write(data)
	return err
}

// root writes a Debian root file system; without mmdebstrap just its release.
func (w *layerWriter) root(packages string) error {
	if _, err := exec.LookPath("mmdebstrap"); err != nil {
		fmt.Fprintln(os.Stderr, "bench-images: no root file system of Debian in the images: install mmdebstrap for one")
		return w.write("etc/os-release", 0o644, []byte("ID=debian\nVERSION_ID=12\n"))
	}
	cmd := exec.Command("mmdebstrap", "--quiet", "--variant=minbase", "--include="+packages, w.maker.suite, "-")
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	from := tar.NewReader(out)
	for {
		h, err := from.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil {
			w.maker.entries++
			err = w.WriteHeader(h)
		}
		if err == nil {
			_, err = io.Copy(w, from)
		}
		if err != nil {
			return errors.Join(err, cmd.Process.Kill(), cmd.Wait())
		}
	}
	if _, err := io.Copy(io.Discard, out); err != nil {
		return err
	}
	if err := cmd.Wait(); err != nil {
		return fmt.Errorf("mmdebstrap: %w\n%s", err, errs.String())
	}
	return nil
}

// programs writes Go programs: those of Go itself.
func (w *layerWriter) programs(n int) error {
	found, err := goPrograms()
	if err != nil {
		return err
	}
	for i := range n {
		data, err := os.ReadFile(found[i%len(found)])
		if err != nil {
			return err
		}
		if err := w.write(fmt.Sprintf("usr/local/bin/program-%d", i), 0o755, data); err != nil {
			return err
		}
	}
	return nil
}

// goPrograms are the largest programs that Go comes with.
func goPrograms() ([]string, error) {
	out, err := exec.Command("go", "env", "GOROOT", "GOTOOLDIR").Output()
	if err != nil {
		return nil, err
	}
	dirs := strings.Fields(string(out))
	var found []string
	for _, pattern := range []string{filepath.Join(dirs[0], "bin", "*"), filepath.Join(dirs[1], "*")} {
		more, err := filepath.Glob(pattern)
		if err != nil {
			return nil, err
		}
		found = append(found, more...)
	}
	size := func(p string) int64 {
		info, err := os.Stat(p)
		if err != nil {
			return 0
		}
		return info.Size()
	}
	slices.SortStableFunc(found, func(a, b string) int { return int(size(b) - size(a)) })
	if len(found) == 0 {
		return nil, errors.New("go has no programs")
	}
	return found, nil
}

// jars writes jars that say what they are, the last of them in a war.
func (w *layerWriter) jars(n int) error {
	var war bytes.Buffer
	outer := zip.NewWriter(&war)
	for i := range n {
		data, err := w.maker.jar(i)
		if err != nil {
			return err
		}
		if i%4 != 3 {
			if err := w.write(fmt.Sprintf("srv/lib/library-%d.jar", i), 0o644, data); err != nil {
				return err
			}
			continue
		}
		f, err := outer.CreateHeader(&zip.FileHeader{Name: fmt.Sprintf("WEB-INF/lib/library-%d.jar", i), Method: zip.Deflate})
		if err == nil {
			_, err = f.Write(data)
		}
		if err != nil {
			return err
		}
	}
	if err := outer.Close(); err != nil {
		return err
	}
	return w.write("srv/app.war", 0o644, war.Bytes())
}

func (m *maker) jar(i int) ([]byte, error) {
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	add := func(name string, data []byte) error {
		f, err := z.Create(name)
		if err == nil {
			_, err = f.Write(data)
		}
		return err
	}
	name := fmt.Sprintf("library-%d", i)
	err := errors.Join(
		add("META-INF/MANIFEST.MF", fmt.Appendf(nil, "Manifest-Version: 1.0\r\nImplementation-Title: %s\r\nImplementation-Version: 1.%d.0\r\n", name, i)),
		add("META-INF/maven/org.example/"+name+"/pom.properties", fmt.Appendf(nil, "groupId=org.example\nartifactId=%s\nversion=1.%d.0\n", name, i)),
	)
	for k := range 100 {
		text, textErr := m.text()
		err = errors.Join(err, textErr, add(fmt.Sprintf("org/example/Class%d.class", k), append([]byte("\xca\xfe\xba\xbe\x00\x00\x00\x41"), append(m.noise(4_000), text...)...)))
	}
	err = errors.Join(err, z.Close())
	return out.Bytes(), err
}

// text gives the content of a file of the Go source.
func (m *maker) text() ([]byte, error) {
	return os.ReadFile(m.sources[m.random.IntN(len(m.sources))])
}

// noise gives bytes that do not compress.
func (m *maker) noise(n int) []byte {
	data := make([]byte, n)
	for i := 0; i+8 <= n; i += 8 {
		v := m.random.Uint64()
		for k := range 8 {
			data[i+k] = byte(v >> (8 * k))
		}
	}
	return data
}

// data writes large files: noise in one, lines of text in the other.
func (w *layerWriter) data(noise, text int) error {
	if noise > 0 {
		if err := w.write("srv/data/model.bin", 0o644, w.maker.noise(noise<<20)); err != nil {
			return err
		}
	}
	if text == 0 {
		return nil
	}
	var lines bytes.Buffer
	for lines.Len() < text<<20 {
		fmt.Fprintf(&lines, "%d,2025-06-%02dT%02d:%02d:%02dZ,%d,%.2f,EUR,order %d of customer %d\n", w.maker.random.IntN(1_000_000), w.maker.random.IntN(30)+1,
			w.maker.random.IntN(24), w.maker.random.IntN(60), w.maker.random.IntN(60), w.maker.random.IntN(100), w.maker.random.Float64()*500, w.maker.random.IntN(1_000_000), w.maker.random.IntN(50_000))
	}
	return w.write("srv/data/orders.csv", 0o644, lines.Bytes())
}

// deletes hides the documentation.
func (w *layerWriter) deletes() error {
	return errors.Join(w.write("usr/share/.wh.doc", 0o600, nil), w.write("usr/share/man/.wh..wh..opq", 0o600, nil))
}

// modules writes node modules until the image has so many entries.
func (w *layerWriter) modules(n, entries int) error {
	left := max(entries-w.maker.entries, n)
	for i := range n {
		files := left / (n - i)
		left -= files
		dir := fmt.Sprintf("srv/app/node_modules/module-%d/", i)
		if err := w.write(dir+"package.json", 0o644, fmt.Appendf(nil, `{"name":"module-%d","version":"1.%d.0","main":"index.js"}`, i, i)); err != nil {
			return err
		}
		for k := range files - 1 {
			text, err := w.maker.text()
			if err != nil {
				return err
			}
			if err := w.write(fmt.Sprintf("%slib/file-%d.js", dir, k), 0o644, text[:min(len(text), 8_000)]); err != nil {
				return err
			}
		}
	}
	return nil
}
