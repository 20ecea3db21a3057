package image_test

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/boltseal/boltseal/internal/scan"
	"github.com/boltseal/boltseal/internal/source/image"
)

func tagged(t testing.TB, images map[string]v1.Image) map[name.Tag]v1.Image {
	t.Helper()
	tags := make(map[name.Tag]v1.Image)
	for s, img := range images {
		tag, err := name.NewTag(s)
		must(t, err)
		tags[tag] = img
	}
	return tags
}

// sample is an image with a layer of each packing.
func sample(t testing.TB) v1.Image {
	t.Helper()
	base := tarOf(t, text("etc/os-release", "ID=debian"), text("root/.env", "KEY=1"))
	return imageOf(
		t,
		packed(t, text("./etc/os-release", "ID=debian"), text("/root/.env", "KEY=1")),
		plain(t, text("root/.wh..env", "")),
		blob{data: zstded(t, base), unpacked: base, mediaType: types.OCILayerZStd},
	)
}

var sampleWalk = []string{
	`file "etc/os-release" -rw-r--r-- 9 "ID=debian"`,
	`file "root/.env" -rw-r--r-- 5 "KEY=1"`,
	`whiteout "root/.env" ---------- 0`,
	`file "etc/os-release" -rw-r--r-- 9 "ID=debian"`,
	`file "root/.env" -rw-r--r-- 5 "KEY=1"`,
}

func entriesOf(lines []string) []string {
	var entries []string
	for _, l := range lines {
		if rest, ok := strings.CutPrefix(l, "  "); ok {
			entries = append(entries, rest)
		}
	}
	return entries
}

func TestEverySchemeGivesTheSameImage(t *testing.T) {
	img := sample(t)
	digest, err := img.Digest()
	must(t, err)
	id, err := img.ConfigName()
	must(t, err)
	oci := layoutOf(t, img)
	archive := layoutTar(t, img)
	docker := dockerTar(t, map[string]v1.Image{"registry.example.com/team/app:1": img})
	read := func(path string) []byte {
		data, err := os.ReadFile(path)
		must(t, err)
		return data
	}
	tests := map[string]struct{ scheme, path, digest string }{
		"layout":                        {image.SchemeOCIDir, oci, digest.String()},
		"layout in a tar":               {image.SchemeOCIArchive, archive, digest.String()},
		"layout in a tar.gz":            {image.SchemeOCIArchive, write(t, "a.tar.gz", gzipped(t, read(archive))), digest.String()},
		"layout in a tar.zst":           {image.SchemeOCIArchive, write(t, "a.tar.zst", zstded(t, read(archive))), digest.String()},
		"docker save":                   {image.SchemeDockerArchive, docker, id.String()},
		"docker save, compressed again": {image.SchemeDockerArchive, write(t, "a.tgz", gzipped(t, read(docker))), id.String()},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			scheme, ok := image.Detect(tt.path)
			if !ok || scheme != tt.scheme {
				t.Errorf("Detect = %q, %v, want %q", scheme, ok, tt.scheme)
			}
			sources := open(t, tt.scheme, tt.path, image.Options{})
			if len(sources) != 1 {
				t.Fatalf("%d sources, want 1", len(sources))
			}
			got := sources[0].Target()
			want := scan.Target{
				Kind: scan.KindImage, Name: tt.scheme + ":" + tt.path, Digest: tt.digest,
				Image: &scan.Image{
					Name: "registry.example.com/team/app", Reference: "registry.example.com/team/app:1",
					Platform: "linux/amd64",
					Config:   got.Image.Config,
				},
			}
			layers, err := img.Layers()
			must(t, err)
			for i, l := range layers {
				d, err := l.DiffID()
				must(t, err)
				sl := scan.Layer{DiffID: d.String(), Digest: d.String(), History: i + 1, Instruction: fmt.Sprintf("COPY %d /", i)}
				sl.Size, err = l.Size()
				must(t, err)
				if tt.scheme != image.SchemeDockerArchive {
					d, err := l.Digest()
					must(t, err)
					m, err := l.MediaType()
					must(t, err)
					sl.Digest, sl.MediaType = d.String(), string(m)
				}
				want.Image.Layers = append(want.Image.Layers, sl)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("target (-want +got):\n%s", diff)
			}
			if got.Image.Config.Config.User != "app" {
				t.Errorf("user %q", got.Image.Config.Config.User)
			}
			if diff := cmp.Diff(sampleWalk, entriesOf(walkAll(t, sources[0]))); diff != "" {
				t.Errorf("entries (-want +got):\n%s", diff)
			}
			for i, u := range sources[0].Units() {
				l := got.Image.Layers[i]
				want := l.Digest + "+" + l.DiffID
				if tt.scheme == image.SchemeDockerArchive {
					want = l.DiffID // its blobs have no digest of their own
				}
				if u.Digest != want || !u.Sequential || u.Name != "layer "+l.Digest[:19] {
					t.Errorf("unit %d: %q %q %v", i, u.Name, u.Digest, u.Sequential)
				}
			}
		})
	}
}

// summary names targets shortly.
func summary(base string, sources []scan.Source) []string {
	var names []string
	for _, s := range sources {
		target := s.Target()
		names = append(names, strings.TrimPrefix(target.Name, base)+" | "+target.Image.Name+" | "+target.Image.Platform)
	}
	return names
}

func TestSeveralImagesAreSeveralSources(t *testing.T) {
	one, two := imageOf(t, plain(t, text("a", "1"))), imageOf(t, plain(t, text("a", "2")))
	dir := layoutOf(t, one, two, one)
	got := summary("oci-dir:"+dir, open(t, image.SchemeOCIDir, dir, image.Options{}))
	want := []string{
		"#registry.example.com/team/app:1 | registry.example.com/team/app | linux/amd64",
		"#registry.example.com/team/app:2 | registry.example.com/team/app | linux/amd64",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("layout (-want +got):\n%s", diff)
	}
	path := dockerTar(t, map[string]v1.Image{"docker.io/library/app:1": one, "app:2": two})
	got = summary("docker-archive:"+path, open(t, image.SchemeDockerArchive, path, image.Options{}))
	if len(got) != 2 || !strings.Contains(strings.Join(got, " "), "app:1 | app | linux/amd64") {
		t.Errorf("docker archive: %q", got)
	}
}

var (
	unknown = &v1.Platform{OS: "unknown", Architecture: "unknown"}
	attests = map[string]string{"vnd.docker.reference.type": "attestation-manifest"}
)

// attestation is what BuildKit puts beside an image.
func attestation(t testing.TB) v1.Image {
	t.Helper()
	img, err := mutate.ConfigFile(imageOf(t, blob{data: []byte(`{"_type":"statement"}`), mediaType: "application/vnd.in-toto+json"}), &v1.ConfigFile{
		OS: "unknown", Architecture: "unknown",
		RootFS: v1.RootFS{Type: "layers", DiffIDs: []v1.Hash{hashOf([]byte(`{"_type":"statement"}`))}},
	})
	must(t, err)
	return img
}

// multiPlatform writes a layout with an index for three platforms, an attestation,
// and what else a test wants, under the tag "1.0".
func multiPlatform(t testing.TB, adds ...mutate.IndexAddendum) string {
	t.Helper()
	platform := func(p v1.Platform) v1.Descriptor { return v1.Descriptor{Platform: &p} }
	index := mutate.IndexMediaType(mutate.AppendManifests(
		empty.Index,
		append([]mutate.IndexAddendum{
			{Add: platformImage(t, "amd64", plain(t, text("arch", "amd64"))), Descriptor: platform(v1.Platform{OS: "linux", Architecture: "amd64"})},
			{Add: platformImage(t, "arm64", plain(t, text("arch", "arm64"))), Descriptor: platform(v1.Platform{OS: "linux", Architecture: "arm64", Variant: "v8"})},
			{Add: platformImage(t, "arm", plain(t, text("arch", "arm"))), Descriptor: platform(v1.Platform{OS: "linux", Architecture: "arm", Variant: "v7"})},
			{Add: attestation(t), Descriptor: v1.Descriptor{Platform: unknown, Annotations: attests}},
		}, adds...)...,
	), types.OCIImageIndex)
	dir := filepath.Join(t.TempDir(), "app")
	p, err := layout.Write(dir, empty.Index)
	must(t, err)
	must(t, p.AppendIndex(index, layout.WithAnnotations(map[string]string{
		"io.containerd.image.name":          "docker.io/library/app:1.0",
		"org.opencontainers.image.ref.name": "1.0",
	})))
	return dir
}

func TestPlatforms(t *testing.T) {
	dir := multiPlatform(t)
	all := []string{
		" linux/amd64 | app | linux/amd64",
		" linux/arm64 | app | linux/arm64",
		" linux/arm | app | linux/arm",
	}
	tests := map[string]struct {
		platform string
		want     []string
		fails    string
	}{
		"all":                           {"", all, ""},
		"one":                           {"linux/amd64", []string{" | app | linux/amd64"}, ""},
		"another name":                  {"linux/x86_64", []string{" | app | linux/amd64"}, ""},
		"any variant":                   {"linux/arm64", []string{" | app | linux/arm64"}, ""},
		"that variant":                  {"linux/arm64/v8", []string{" | app | linux/arm64"}, ""},
		"not that variant":              {"linux/arm/v6", nil, "no image for platform linux/arm/v6: there is linux/amd64, linux/arm/v7, linux/arm64/v8"},
		"attestations are no platform":  {"unknown/unknown", nil, "no image for platform"},
		"half a platform":               {"linux", nil, `platform "linux": want os/architecture`},
		"an operating system not there": {"windows/amd64", nil, "no image for platform windows/amd64"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			sources, err := image.Open(t.Context(), image.SchemeOCIDir, dir, image.Options{Platform: tt.platform})
			if tt.fails != "" {
				wantError(t, err, tt.fails)
			} else if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, summary("oci-dir:"+dir, sources)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestPlatformOfAnImageWithoutIndex(t *testing.T) {
	img := imageOf(t, plain(t, text("a", "1")))
	docker := dockerTar(t, map[string]v1.Image{"app": img})
	for scheme, path := range map[string]string{image.SchemeOCIDir: layoutOf(t, img), image.SchemeDockerArchive: docker} {
		open(t, scheme, path, image.Options{Platform: "linux/amd64"})
		_, err := image.Open(t.Context(), scheme, path, image.Options{Platform: "linux/s390x"})
		wantError(t, err, "no image for platform linux/s390x: there is linux/amd64")
	}
}

// Docker saves an index whole, but only the platforms that it pulled.
func TestPlatformThatIsNotStoredIsCounted(t *testing.T) {
	dir := multiPlatform(t)
	digest := open(t, image.SchemeOCIDir, dir, image.Options{})[1].Target().Digest
	removeBlob(t, dir, digest)
	sources := open(t, image.SchemeOCIDir, dir, image.Options{})
	if len(sources) != 2 {
		t.Fatalf("%d sources, want 2", len(sources))
	}
	if got := skips(t, sources[0]); got[0] != `skipped "linux/arm64/v8" platform not stored in the image file` {
		t.Errorf("got %q", got)
	}
	_, err := image.Open(t.Context(), image.SchemeOCIDir, dir, image.Options{Platform: "linux/arm64"})
	wantError(t, err, "no such file")
}

func TestArtifactIsNoImage(t *testing.T) {
	chart := mutate.ConfigMediaType(imageOf(t, plain(t, text("Chart.yaml", "a: b"))), "application/vnd.cncf.helm.config.v1+json")
	_, err := image.Open(t.Context(), image.SchemeOCIDir, layoutOf(t, chart), image.Options{})
	wantError(t, err, "no container image in it", "helm.config", "not a container image")
	img := imageOf(t, plain(t, text("a", "1")))
	sources := open(t, image.SchemeOCIDir, layoutOf(t, chart, img), image.Options{})
	if got := skips(t, sources[0]); len(got) != 1 || !strings.Contains(got[0], "not a container image") {
		t.Errorf("got %q", got)
	}
}

func TestImageNames(t *testing.T) {
	tests := map[string]struct {
		annotations map[string]string
		want        string
	}{
		"nothing":                   {nil, "app"},
		"a tag only":                {map[string]string{"org.opencontainers.image.ref.name": "latest"}, "app"},
		"a whole name":              {map[string]string{"org.opencontainers.image.ref.name": "ghcr.io/acme/web:1.2@sha256:" + strings.Repeat("a", 64)}, "ghcr.io/acme/web"},
		"a port is no tag":          {map[string]string{"org.opencontainers.image.ref.name": "localhost:5000/web"}, "localhost:5000/web"},
		"containerd's before a tag": {map[string]string{"org.opencontainers.image.ref.name": "1.2", "io.containerd.image.name": "docker.io/acme/web:1.2"}, "acme/web"},
		"what is no name":           {map[string]string{"org.opencontainers.image.ref.name": "evil\nname:1"}, "app"},
		"what is far too long":      {map[string]string{"org.opencontainers.image.ref.name": strings.Repeat("a/", 100_000)}, "app"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "app")
			p, err := layout.Write(dir, empty.Index)
			must(t, err)
			must(t, p.AppendImage(imageOf(t), layout.WithAnnotations(tt.annotations)))
			got := open(t, image.SchemeOCIDir, dir, image.Options{})[0].Target()
			if got.Image.Name != tt.want {
				t.Errorf("name %q, want %q", got.Image.Name, tt.want)
			}
			if got.Name != "oci-dir:"+dir {
				t.Errorf("target name %q", got.Name)
			}
		})
	}
}

// Before version 25, docker save wrote a layer that occurs twice as a link.
func TestDockerArchiveOfOldDocker(t *testing.T) {
	layer := tarOf(t, text("a", "1"))
	config, err := json.Marshal(v1.ConfigFile{
		OS: "linux", Architecture: "amd64",
		RootFS:  v1.RootFS{Type: "layers", DiffIDs: []v1.Hash{hashOf(layer), hashOf(layer)}},
		History: []v1.History{{CreatedBy: "only one entry"}},
	})
	must(t, err)
	configName := hashOf(config).Hex + ".json"
	manifest := fmt.Sprintf(`[{"Config":%q,"RepoTags":null,"Layers":["one/layer.tar","two/layer.tar"]}]`, configName)
	path := write(t, "old.tar", tarOf(
		t,
		text("./one/layer.tar", string(layer)),
		file{tar.Header{Name: "two/layer.tar", Typeflag: tar.TypeSymlink, Linkname: "../one/layer.tar"}, ""},
		text(configName, string(config)),
		text("manifest.json", manifest),
	))
	s := open(t, image.SchemeDockerArchive, path, image.Options{})[0]
	want := []string{`file "a" -rw-r--r-- 1 "1"`, `file "a" -rw-r--r-- 1 "1"`}
	if diff := cmp.Diff(want, entriesOf(walkAll(t, s))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	target := s.Target()
	if target.Image.Name != "old" || target.Image.Layers[0].History != -1 || target.Image.Layers[0].Instruction != "" {
		t.Errorf("image %+v", target.Image)
	}
}

func TestBadArchives(t *testing.T) {
	img := imageOf(t, packed(t, text("a", "1")))
	dir := layoutOf(t, img)
	archive := tarDir(t, dir)
	digest, err := img.Digest()
	must(t, err)
	id, err := img.ConfigName()
	must(t, err)
	change := func(name string, data []byte) string {
		dir := layoutOf(t, img)
		must(t, os.WriteFile(filepath.Join(dir, name), data, 0o600))
		return dir
	}
	blobFile := func(h v1.Hash) string { return filepath.Join("blobs", "sha256", h.Hex) }
	docker := func(config string, files ...file) string {
		return write(t, "d.tar", tarOf(t, append(files, text("manifest.json", `[{"Config":"`+config+`","Layers":["l.tar"]}]`))...))
	}
	outside := layoutOf(t, img)
	must(t, os.Remove(filepath.Join(outside, "index.json")))
	must(t, os.Symlink(filepath.Join(dir, "index.json"), filepath.Join(outside, "index.json")))
	both := `{"schemaVersion":2,"manifests":[],"layers":[],"config":{}}`
	listing := func(doc string) string {
		dir := change(blobFile(hashOf([]byte(doc))), []byte(doc))
		index := fmt.Sprintf(`{"schemaVersion":2,"manifests":[{"digest":%q,"size":%d}]}`, hashOf([]byte(doc)), len(doc))
		must(t, os.WriteFile(filepath.Join(dir, "index.json"), []byte(index), 0o600))
		return dir
	}
	tests := map[string]struct {
		scheme, path string
		want         []string
	}{
		"nothing there":            {image.SchemeDockerArchive, filepath.Join(t.TempDir(), "no.tar"), []string{"no such file"}},
		"no layout there":          {image.SchemeOCIDir, filepath.Join(t.TempDir(), "no"), []string{"no such file"}},
		"unknown scheme":           {"floppy", dir, []string{`unknown scheme "floppy"`, "docker-archive"}},
		"a directory as archive":   {image.SchemeOCIArchive, dir, []string{"is a directory", "oci-dir:PATH"}},
		"a file as directory":      {image.SchemeOCIDir, write(t, "f", nil), []string{"not a directory", "oci-archive:PATH"}},
		"a device":                 {image.SchemeDockerArchive, "/dev/null", []string{"not a regular file"}},
		"an empty file":            {image.SchemeDockerArchive, write(t, "e", nil), []string{"manifest.json"}},
		"text":                     {image.SchemeDockerArchive, write(t, "e", bytes.Repeat([]byte("hello "), 500)), []string{"not a tar archive"}},
		"gzip of text":             {image.SchemeDockerArchive, write(t, "e", gzipped(t, bytes.Repeat([]byte("hello "), 500))), []string{"not a tar archive"}},
		"a broken gzip header":     {image.SchemeDockerArchive, write(t, "e", []byte("\x1f\x8b\x00\x00")), []string{"unpacking"}},
		"xz":                       {image.SchemeDockerArchive, write(t, "e", []byte("\xfd7zXZ\x00abc")), []string{"compressed with xz"}},
		"bzip2":                    {image.SchemeDockerArchive, write(t, "e", []byte("BZh91AY")), []string{"compressed with bzip2"}},
		"a layout as docker save":  {image.SchemeDockerArchive, write(t, "o", archive), []string{"manifest.json", "oci-archive:PATH"}},
		"some tar as layout":       {image.SchemeOCIArchive, write(t, "o", tarOf(t, text("a", "b"))), []string{"index.json", "docker-archive:PATH"}},
		"cut off before the index": {image.SchemeOCIArchive, write(t, "o", archive[:1600]), []string{"index.json", "unexpected EOF"}},
		"index is no JSON":         {image.SchemeOCIDir, change("index.json", []byte("{")), []string{"index.json"}},
		"index is null":            {image.SchemeOCIDir, change("index.json", []byte("null")), []string{"no container image"}},
		"index too large":          {image.SchemeOCIDir, change("index.json", bytes.Repeat([]byte(" "), 5<<20)), []string{"index.json", "more than 4194304"}},
		"index lists no digest":    {image.SchemeOCIDir, change("index.json", []byte(`{"manifests":[{}]}`)), []string{"no digest"}},
		"index lists a bad digest": {image.SchemeOCIDir, change("index.json", []byte(`{"manifests":[{"digest":"sha256:../../x"}]}`)), []string{"index.json"}},
		"index lies outside":       {image.SchemeOCIDir, outside, []string{"index.json", "escapes"}},
		"index given twice":        {image.SchemeOCIArchive, write(t, "o", tarOf(t, text("index.json", "{}"), text("index.json", "{}"))), []string{`holds "index.json" twice`}},
		"manifest changed":         {image.SchemeOCIDir, change(blobFile(digest), []byte("{}")), []string{"digest mismatch"}},
		"manifest is empty":        {image.SchemeOCIDir, listing(""), []string{"reading manifest"}},
		"manifest of another size": {image.SchemeOCIDir, change("index.json", []byte(fmt.Sprintf(`{"manifests":[{"digest":%q,"size":1}]}`, digest))), []string{"digest mismatch", "the index says 1"}},
		"manifest missing":         {image.SchemeOCIDir, change("index.json", []byte(fmt.Sprintf(`{"manifests":[{"digest":%q,"size":1}]}`, hashOf([]byte("no"))))), []string{"manifest sha256:", "no such file"}},
		"manifest is both":         {image.SchemeOCIDir, listing(both), []string{"both an image and an index"}},
		"manifest is neither":      {image.SchemeOCIDir, listing(`{}`), []string{"neither an image nor an index"}},
		"manifest of version 1":    {image.SchemeOCIDir, listing(`{"schemaVersion":1,"fsLayers":[]}`), []string{"schema version 1"}},
		"manifest without config":  {image.SchemeOCIDir, listing(`{"layers":[]}`), []string{"names no image configuration"}},
		"configuration changed":    {image.SchemeOCIDir, change(blobFile(id), []byte("{}")), []string{"image configuration", "digest mismatch"}},
		"docker: no list":          {image.SchemeDockerArchive, write(t, "d", tarOf(t, text("manifest.json", "{}"))), []string{"manifest.json"}},
		"docker: empty list":       {image.SchemeDockerArchive, write(t, "d", tarOf(t, text("manifest.json", "[]"))), []string{"lists no image"}},
		"docker: no config":        {image.SchemeDockerArchive, docker("c.json"), []string{"c.json", "not exist"}},
		"docker: config changed":   {image.SchemeDockerArchive, docker(id.Hex+".json", text(id.Hex+".json", "{}")), []string{"digest mismatch"}},
		"docker: config twice":     {image.SchemeDockerArchive, docker("c.json", text("c.json", "{}"), text("c.json", "{}")), []string{`holds "c.json" twice`}},
		"docker: no diff ids":      {image.SchemeDockerArchive, docker("c.json", text("c.json", "{}")), []string{"0 layers, the manifest of 1"}},
		"docker: links in a circle": {image.SchemeDockerArchive, docker(
			"c.json",
			file{tar.Header{Name: "c.json", Typeflag: tar.TypeSymlink, Linkname: "d.json"}, ""},
			file{tar.Header{Name: "d.json", Typeflag: tar.TypeLink, Linkname: "c.json"}, ""},
		), []string{"too many links"}},
		"docker: leads out": {image.SchemeDockerArchive, docker("../../../../etc/hostname"), []string{"etc/hostname", "not exist"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			sources, err := image.Open(t.Context(), tt.scheme, tt.path, image.Options{})
			wantError(t, err, tt.want...)
			if sources != nil {
				t.Errorf("%d sources beside the error", len(sources))
			}
		})
	}
}

func TestOneBadImageLosesNoOther(t *testing.T) {
	good, bad := imageOf(t, plain(t, text("a", "1"))), imageOf(t, plain(t, text("a", "2")))
	dir := layoutOf(t, bad, good)
	id, err := bad.ConfigName()
	must(t, err)
	must(t, os.Remove(filepath.Join(dir, "blobs", "sha256", id.Hex)))
	sources, err := image.Open(t.Context(), image.SchemeOCIDir, dir, image.Options{})
	wantError(t, err, "manifest sha256:", "image configuration", "no such file")
	if len(sources) != 1 {
		t.Fatalf("%d sources, want 1", len(sources))
	}
	if diff := cmp.Diff([]string{`file "a" -rw-r--r-- 1 "1"`}, entriesOf(walkAll(t, sources[0]))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	must(t, sources[0].Close())
}

// The documents stand before the layer here, as some tools write them.
func TestTruncatedArchiveKeepsWhatIsThere(t *testing.T) {
	layer := tarOf(t, text("a", "1"), text("b", strings.Repeat("x", 100_000)))
	config, err := json.Marshal(v1.ConfigFile{RootFS: v1.RootFS{DiffIDs: []v1.Hash{hashOf(layer)}}})
	must(t, err)
	data := tarOf(
		t,
		text("manifest.json", `[{"Config":"config.json","Layers":["layer.tar"]}]`),
		text("config.json", string(config)),
		text("layer.tar", string(layer)),
	)
	for name, path := range map[string]string{
		"plain": write(t, "d.tar", data[:20_000]),
		"gzip":  write(t, "d.tgz", gzipped(t, data[:20_000])),
	} {
		t.Run(name, func(t *testing.T) {
			if scheme, ok := image.Detect(path); !ok || scheme != image.SchemeDockerArchive {
				t.Errorf("Detect = %q, %v", scheme, ok)
			}
			sources, err := image.Open(t.Context(), image.SchemeDockerArchive, path, image.Options{})
			wantError(t, err, "reading archive", "unexpected EOF")
			if len(sources) != 1 {
				t.Fatalf("%d sources, want 1", len(sources))
			}
			r := &recorder{}
			err = sources[0].Units()[0].Walk(t.Context(), r)
			wantError(t, err, "unexpected EOF")
			if len(r.lines) != 2 || r.lines[0] != `file "a" -rw-r--r-- 1 "1"` {
				t.Errorf("%q", r.lines)
			}
			must(t, sources[0].Close())
		})
	}
}

func TestTooManyLayersAndImages(t *testing.T) {
	l := plain(t, text("a", "1"))
	manifest := func(n int) string {
		config, err := json.Marshal(v1.ConfigFile{RootFS: v1.RootFS{DiffIDs: repeat(hashOf(l.data), n)}})
		must(t, err)
		layers := `"l.tar"` + strings.Repeat(`,"l.tar"`, n-1)
		return write(t, "d.tar", tarOf(
			t,
			text("l.tar", string(l.data)),
			text("c.json", string(config)),
			text("manifest.json", `[{"Config":"c.json","Layers":[`+layers+`]}]`),
		))
	}
	s := open(t, image.SchemeDockerArchive, manifest(10_000), image.Options{})[0]
	digests := make(map[string]bool)
	for _, u := range s.Units() {
		digests[u.Digest] = true
	}
	if len(s.Units()) != 10_000 || len(digests) != 1 {
		t.Errorf("%d units, %d digests", len(s.Units()), len(digests))
	}
	_, err := image.Open(t.Context(), image.SchemeDockerArchive, manifest(10_001), image.Options{})
	wantError(t, err, "10001 layers, more than 10000")

	var index strings.Builder
	index.WriteString(`{"manifests":[`)
	for i := range 2000 {
		fmt.Fprintf(&index, `{"digest":%q,"size":1},`, hashOf([]byte{byte(i), byte(i >> 8)}))
	}
	dir := layoutOf(t)
	must(t, os.WriteFile(filepath.Join(dir, "index.json"), []byte(strings.TrimSuffix(index.String(), ",")+"]}"), 0o600))
	_, err = image.Open(t.Context(), image.SchemeOCIDir, dir, image.Options{})
	wantError(t, err, "and 996 more")
}

func repeat(h v1.Hash, n int) []v1.Hash {
	hashes := make([]v1.Hash, n)
	for i := range hashes {
		hashes[i] = h
	}
	return hashes
}

func TestOneDigestWithTwoContents(t *testing.T) {
	l := packed(t, text("a", "1"))
	other := l
	other.diffID = hashOf([]byte("other"))
	_, err := image.Open(t.Context(), image.SchemeOCIDir, layoutOf(t, imageOf(t, l, other)), image.Options{})
	wantError(t, err, "digest mismatch", "cannot unpack to both")
	if !errors.Is(err, image.ErrDigest) {
		t.Errorf("not an ErrDigest: %v", err)
	}
}

func TestIndicesNestedTooDeep(t *testing.T) {
	var index v1.ImageIndex = mutate.AppendManifests(empty.Index, mutate.IndexAddendum{Add: imageOf(t)})
	for range 10 {
		index = mutate.AppendManifests(empty.Index, mutate.IndexAddendum{Add: index})
	}
	dir := layoutOf(t)
	p, err := layout.FromPath(dir)
	must(t, err)
	must(t, p.AppendIndex(index))
	_, err = image.Open(t.Context(), image.SchemeOCIDir, dir, image.Options{})
	wantError(t, err, "nested deeper")
}

func TestOpenStopsWithTheContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := image.Open(ctx, image.SchemeOCIArchive, layoutTar(t, imageOf(t)), image.Options{})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

// A packed archive is read side by side, in whatever order.
func TestPackedArchiveInAnyOrder(t *testing.T) {
	var layers []v1.Layer
	for i := range 12 {
		layers = append(layers, packed(t, text("n", fmt.Sprint(i)), text("fill", strings.Repeat(fmt.Sprint(i), 50_000))))
	}
	path := layoutTar(t, imageOf(t, layers...))
	data, err := os.ReadFile(path)
	must(t, err)
	s := open(t, image.SchemeOCIArchive, write(t, "a.tgz", gzipped(t, data)), image.Options{})[0]
	units := s.Units()
	errs := make(chan error, len(units))
	for i := range units {
		i = (i*7 + 3) % len(units)
		go func() {
			r := &recorder{}
			err := units[i].Walk(t.Context(), r)
			if err == nil && r.lines[0] != fmt.Sprintf("file \"n\" -rw-r--r-- %d %q", len(fmt.Sprint(i)), fmt.Sprint(i)) {
				err = fmt.Errorf("layer %d: %q", i, r.lines[0])
			}
			errs <- err
		}()
	}
	for range units {
		must(t, <-errs)
	}
}
