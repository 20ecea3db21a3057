package exampleimage

import (
	"archive/tar"
	"errors"
	"flag"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/validate"
)

var update = flag.Bool("update", false, "write examples/leaky-app/image")

var appDir = filepath.Join("..", "..", "examples", "leaky-app")

func buildExample(t *testing.T) v1.Image {
	t.Helper()
	img, err := Build(os.DirFS(appDir))
	if err != nil {
		t.Fatal(err)
	}
	return img
}

// stored is the image that is checked in.
func stored(t *testing.T) v1.Image {
	t.Helper()
	index, err := layout.ImageIndexFromPath(filepath.Join(appDir, "image"))
	if err != nil {
		t.Fatal(err)
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	if len(manifest.Manifests) != 1 {
		t.Fatalf("the layout has %d images, want 1", len(manifest.Manifests))
	}
	if got := manifest.Manifests[0].Annotations["org.opencontainers.image.ref.name"]; got != Name {
		t.Errorf("the image is called %q, want %q", got, Name)
	}
	img, err := index.Image(manifest.Manifests[0].Digest)
	if err != nil {
		t.Fatal(err)
	}
	return img
}

// TestStoredImageIsCurrent compares configurations, which name the digest of every
// unpacked layer; compressed bytes may differ from one version of Go to the next.
func TestStoredImageIsCurrent(t *testing.T) {
	img := buildExample(t)
	if *update {
		if err := Write(filepath.Join(appDir, "image"), img); err != nil {
			t.Fatal(err)
		}
	}
	want, err := img.RawConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	got, err := stored(t).RawConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("examples/leaky-app/image is not what Build makes; run go test ./internal/exampleimage -update\n%s", diff)
	}
	if err := validate.Image(stored(t)); err != nil {
		t.Error(err)
	}
}

func TestBuildIsTheSameEveryTime(t *testing.T) {
	first, err := buildExample(t).RawManifest()
	if err != nil {
		t.Fatal(err)
	}
	second, err := buildExample(t).RawManifest()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(first), string(second)); diff != "" {
		t.Error(diff)
	}
}

func TestStoredImageIsSmallAndWhole(t *testing.T) {
	manifest, err := stored(t).Manifest()
	if err != nil {
		t.Fatal(err)
	}
	blobs := len(manifest.Layers) + 2 // configuration and manifest
	var size int64
	err = filepath.WalkDir(filepath.Join(appDir, "image"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		size += info.Size()
		if filepath.Base(filepath.Dir(path)) == "sha256" {
			blobs--
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if size > 2<<20 {
		t.Errorf("the layout has %d bytes, more than 2 MiB", size)
	}
	if blobs != 0 {
		t.Errorf("%d blobs too few, or too many where negative: run go test ./internal/exampleimage -update", blobs)
	}
}

// contents are the files of all layers as "layer path", deleted ones too.
func contents(t *testing.T, img v1.Image) map[string]string {
	t.Helper()
	layers, err := img.Layers()
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for _, l := range layers {
		rc, err := l.Uncompressed()
		if err != nil {
			t.Fatal(err)
		}
		r := tar.NewReader(rc)
		for {
			h, err := r.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			data, err := io.ReadAll(r)
			if err != nil {
				t.Fatal(err)
			}
			if h.Typeflag == tar.TypeReg {
				files[h.Name] = string(data)
			}
		}
		if err := rc.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return files
}
