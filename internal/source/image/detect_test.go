package image_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/boltseal/boltseal/internal/source/image"
)

func TestDetect(t *testing.T) {
	img := imageOf(t, packed(t, text("a", "1")))
	dir := layoutOf(t, img)
	docker, err := os.ReadFile(dockerTar(t, map[string]v1.Image{"app": img}))
	must(t, err)
	noLayout := layoutOf(t, img)
	must(t, os.Remove(filepath.Join(noLayout, "oci-layout")))
	both := layoutOf(t, img)
	must(t, os.WriteFile(filepath.Join(both, "manifest.json"), []byte(`[{"Config":"c","Layers":[]}]`), 0o600))
	tests := map[string]struct{ path, want string }{
		"docker save":                {write(t, "x", docker), image.SchemeDockerArchive},
		"docker save, compressed":    {write(t, "x", gzipped(t, docker)), image.SchemeDockerArchive},
		"layout":                     {dir, image.SchemeOCIDir},
		"layout in a tar":            {write(t, "x", tarDir(t, dir)), image.SchemeOCIArchive},
		"layout in a tar.zst":        {write(t, "x", zstded(t, tarDir(t, dir))), image.SchemeOCIArchive},
		"both in a tar":              {write(t, "x", tarDir(t, both)), image.SchemeDockerArchive},
		"a folder without a layout":  {noLayout, ""},
		"an empty folder":            {t.TempDir(), ""},
		"nothing there":              {filepath.Join(t.TempDir(), "no"), ""},
		"a device":                   {"/dev/null", ""},
		"an empty file":              {write(t, "x", nil), ""},
		"a Dockerfile":               {write(t, "Dockerfile", []byte("FROM scratch\n")), ""},
		"a long text":                {write(t, "x", bytes.Repeat([]byte("FROM scratch\n"), 1000)), ""},
		"gzip of text":               {write(t, "x", gzipped(t, []byte("hello"))), ""},
		"half a gzip header":         {write(t, "x", []byte("\x1f\x8b")), ""},
		"a tar of sources":           {write(t, "x", tarOf(t, text("a.go", "package a"))), ""},
		"a cut off tar of sources":   {write(t, "x", tarOf(t, text("a.go", "package a"))[:515]), ""},
		"a web extension":            {write(t, "x", tarOf(t, text("manifest.json", `{"manifest_version":3}`))), ""},
		"an index of something else": {write(t, "x", tarOf(t, text("oci-layout", "{}"), text("index.json", "{}"))), ""},
		"a cut off docker save":      {write(t, "x", docker[:700]), image.SchemeDockerArchive},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, ok := image.Detect(tt.path)
			if got != tt.want || ok != (tt.want != "") {
				t.Errorf("Detect = %q, %v, want %q", got, ok, tt.want)
			}
		})
	}
}
