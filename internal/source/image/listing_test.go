package image_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/scan"
	"github.com/boltseal/boltseal/internal/source/image"
)

// skips gives what a source tells it left out.
func skips(t testing.TB, s scan.Source) []string {
	t.Helper()
	var out []string
	for _, line := range entriesOf(walkAll(t, s)) {
		if strings.HasPrefix(line, "skipped ") {
			out = append(out, line)
		}
	}
	return out
}

// An image is not hidden by being listed as something that is none.
func TestImagesListedAsAttestationsAreScanned(t *testing.T) {
	layer := plain(t, text("arch", "s390x"))
	leaking := platformImage(t, "s390x", layer)
	half := imageOf(t, layer, blob{data: []byte("{}"), mediaType: "application/vnd.in-toto+json"})
	artifact := mutate.ConfigMediaType(attestation(t), "application/vnd.oci.empty.v1+json")
	const decoys = 3
	tests := map[string]struct {
		add  mutate.IndexAddendum
		want string // the image, or what is told of it
	}{
		"an image of no platform":                      {mutate.IndexAddendum{Add: leaking, Descriptor: v1.Descriptor{Platform: unknown}}, " linux/s390x | app | linux/s390x"},
		"an image marked as an attestation":            {mutate.IndexAddendum{Add: leaking, Descriptor: v1.Descriptor{Platform: unknown, Annotations: attests}}, " linux/s390x | app | linux/s390x"},
		"an image marked, with a layer of a statement": {mutate.IndexAddendum{Add: half, Descriptor: v1.Descriptor{Platform: unknown, Annotations: attests}}, " linux/amd64 "},
		"an attestation without the mark":              {mutate.IndexAddendum{Add: attestation(t), Descriptor: v1.Descriptor{Platform: unknown}}, " unknown/unknown | app | unknown/unknown"},
		"an attestation":                               {mutate.IndexAddendum{Add: attestation(t), Descriptor: v1.Descriptor{Platform: unknown, Annotations: attests}}, ""},
		"an attestation as an artifact":                {mutate.IndexAddendum{Add: artifact, Descriptor: v1.Descriptor{Platform: unknown, Annotations: attests}}, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			dir := multiPlatform(t, tt.add)
			sources := open(t, image.SchemeOCIDir, dir, image.Options{})
			got := summary("oci-dir:"+dir, sources)
			if tt.want == "" {
				for _, line := range skips(t, sources[0]) {
					if !strings.HasSuffix(line, " attestation") {
						t.Errorf("told %q", line)
					}
				}
				if len(got) != decoys || len(skips(t, sources[0])) == 0 {
					t.Errorf("images %q, skipped %q", got, skips(t, sources[0]))
				}
				return
			}
			if len(got) != decoys+1 || !strings.HasPrefix(got[decoys], tt.want) {
				t.Errorf("images %q, want another one: %q", got, tt.want)
			}
			if n := len(skips(t, sources[0])); n != 1 {
				t.Errorf("%d skipped, want the attestation of multiPlatform", n)
			}
		})
	}
}

func TestAPlatformIsToldByTheConfigurationWhereTheIndexTellsNone(t *testing.T) {
	img := platformImage(t, "s390x", plain(t, text("arch", "s390x")))
	dir := multiPlatform(
		t,
		mutate.IndexAddendum{Add: img, Descriptor: v1.Descriptor{Platform: unknown}},
		mutate.IndexAddendum{Add: img, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: "ppc64le"}}},
	)
	for platform, want := range map[string]string{
		"linux/s390x":   " | app | linux/s390x",
		"linux/ppc64le": " | app | linux/s390x", // what runs there, by the index
	} {
		got := summary("oci-dir:"+dir, open(t, image.SchemeOCIDir, dir, image.Options{Platform: platform}))
		if diff := cmp.Diff([]string{want}, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", platform, diff)
		}
	}
}

// Docker keeps the index of what it pulled whole, but fetches no attestations.
func TestAnAttestationThatIsNotStoredIsNoError(t *testing.T) {
	dir := multiPlatform(t)
	digest, err := attestation(t).Digest()
	must(t, err)
	removeBlob(t, dir, digest.String())
	for _, platform := range []string{"", "linux/amd64"} {
		sources := open(t, image.SchemeOCIDir, dir, image.Options{Platform: platform})
		want := []string{`skipped "unknown/unknown" platform not stored in the image file`}
		if diff := cmp.Diff(want, skips(t, sources[0])); diff != "" {
			t.Errorf("platform %q (-want +got):\n%s", platform, diff)
		}
	}
}

// counter is a scanner that counts what it reads.
type counter struct {
	mu    sync.Mutex
	files map[string]int
}

func (*counter) Name() string                                                   { return finding.Secrets }
func (*counter) CacheKey() string                                               { return "1" }
func (c *counter) Begin(context.Context, scan.Target) (scan.Pass, error)        { return c, nil }
func (*counter) Wants(*scan.Entry, func(int) []byte) scan.Want                  { return scan.Want{Mode: scan.Whole} }
func (*counter) Finish(context.Context, *scan.View, []scan.Ref) (r scan.Result) { return r }

func (c *counter) File(_ context.Context, e *scan.Entry, _ *scan.Content) (scan.Part, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.files == nil {
		c.files = make(map[string]int)
	}
	c.files[e.Path]++
	return scan.Part("x"), nil
}

// memory is a cache.
type memory struct{ values sync.Map }

func (m *memory) Put(key string, value []byte) { m.values.Store(key, value) }

func (m *memory) Get(key string) ([]byte, bool) {
	v, ok := m.values.Load(key)
	if !ok {
		return nil, false
	}
	return v.([]byte), true
}

func TestALayerListedOftenIsReadOnce(t *testing.T) {
	l, other := packed(t, text("a", "1")), packed(t, text("b", "1"))
	for scheme, path := range map[string]string{
		image.SchemeOCIDir:        layoutOf(t, imageOf(t, l, other, l, l, other)),
		image.SchemeDockerArchive: dockerTar(t, map[string]v1.Image{"app": imageOf(t, l, other, l, l, other)}),
	} {
		c, cache := &counter{}, &memory{}
		for range 2 { // the second time from the cache
			res := scan.Run(t.Context(), open(t, scheme, path, image.Options{})[0], []scan.Scanner{c}, scan.Options{Cache: cache})[0]
			if res.Status != finding.StatusOK || res.Files != 2 {
				t.Errorf("%s: %d files, %s %s", scheme, res.Files, res.Status, res.Reason)
			}
		}
		if diff := cmp.Diff(map[string]int{"a": 1, "b": 1}, c.files); diff != "" {
			t.Errorf("%s (-want +got):\n%s", scheme, diff)
		}
	}
}

func TestAWarmCacheChecksTheDiffID(t *testing.T) {
	l := blob{data: tarOf(t, text("a", "1"))} // not packed: the walk tells
	wrong := l
	wrong.diffID = hashOf([]byte("other"))
	cache := &memory{}
	for _, tt := range []struct {
		layer blob
		want  finding.Status
	}{{l, finding.StatusOK}, {wrong, finding.StatusPartial}} {
		src := open(t, image.SchemeOCIDir, layoutOf(t, imageOf(t, tt.layer)), image.Options{})[0]
		res := scan.Run(t.Context(), src, []scan.Scanner{&counter{}}, scan.Options{Cache: cache})[0]
		if res.Status != tt.want {
			t.Errorf("got %s %q, want %s", res.Status, res.Reason, tt.want)
		}
	}
}

// What a file lists beside images keeps no large layer from the cache, and is told
// whatever the cache holds.
func TestWhatIsLeftOutIsToldWithAWarmCache(t *testing.T) {
	large := packed(t, text("large", strings.Repeat("0123456789abcdef", 1000)+fmt.Sprint(os.Getpid())))
	small := packed(t, text("small", "1"))
	chart := mutate.ConfigMediaType(imageOf(t), "application/vnd.cncf.helm.config.v1+json")
	cache := &memory{}
	tests := []struct {
		name string
		img  v1.Image
		read map[string]int // after two runs
	}{
		{"two layers", imageOf(t, large, small), map[string]int{"large": 1, "small": 2}},
		{"two layers, known from elsewhere", imageOf(t, large, small), map[string]int{"small": 2}},
		{"no layer", imageOf(t), nil},
	}
	for _, tt := range tests {
		dir, c := layoutOf(t, chart, tt.img), &counter{}
		for range 2 {
			res := scan.Run(t.Context(), open(t, image.SchemeOCIDir, dir, image.Options{})[0], []scan.Scanner{c}, scan.Options{Cache: cache})[0]
			if diff := cmp.Diff(map[string]int64{"not a container image": 1}, res.Skipped); diff != "" {
				t.Errorf("%s (-want +got):\n%s", tt.name, diff)
			}
		}
		if diff := cmp.Diff(tt.read, c.files); diff != "" {
			t.Errorf("%s: read (-want +got):\n%s", tt.name, diff)
		}
	}
}

// Layers are walked at the same time: what one may hold does not depend on how far
// another one is.
func TestEachLayerIsBoundByItself(t *testing.T) {
	var a, b []file
	for i := range 60 {
		a, b = append(a, text(fmt.Sprint("a", i), "")), append(b, text(fmt.Sprint("b", i), ""))
	}
	s := open(t, image.SchemeOCIDir, layoutOf(t, imageOf(t, packed(t, a...), packed(t, b...))), image.Options{MaxEntries: 60})[0]
	for _, u := range s.Units() {
		must(t, u.Walk(t.Context(), &recorder{}))
	}
}

func TestTheNameOfAnUnlabelledImageIsNoMachinePath(t *testing.T) {
	img := mutate.MediaType(imageOf(t, plain(t, text("a", "1"))), types.OCIManifestSchema1)
	dir := layoutOf(t, img)
	index, err := os.ReadFile(filepath.Join(dir, "index.json"))
	must(t, err)
	must(t, os.WriteFile(filepath.Join(dir, "index.json"), []byte(strings.ReplaceAll(string(index), "org.opencontainers.image.ref.name", "other")), 0o600))
	must(t, os.Mkdir(filepath.Join(dir, "sub"), 0o700))
	for wd, typed := range map[string]map[string]string{
		filepath.Dir(dir):         {"app": "app", "./app/": "app", "app/.": "app"},
		dir:                       {".": "image", "./": "image", "../app": "app", "sub/..": "image"},
		filepath.Join(dir, "sub"): {"..": "image", "../": "image"},
	} {
		t.Chdir(wd)
		for path, want := range typed {
			if got := open(t, image.SchemeOCIDir, path, image.Options{})[0].Target().Image.Name; got != want {
				t.Errorf("%s: name %q, want %q", path, got, want)
			}
		}
	}
}
