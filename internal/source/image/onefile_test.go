package image_test

import (
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	ggcr "github.com/google/go-containerregistry/pkg/registry"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/static"

	"github.com/boltseal/boltseal/internal/source/image"
)

// pushed pushes an artifact with some files and gives its reference.
func pushed(t *testing.T, host string, files ...string) string {
	t.Helper()
	img := mutate.MediaType(empty.Image, "application/vnd.oci.image.manifest.v1+json")
	for _, f := range files {
		var err error
		if img, err = mutate.AppendLayers(img, static.NewLayer([]byte(f), "application/yaml")); err != nil {
			t.Fatal(err)
		}
	}
	tag, err := name.ParseReference(host + "/sec/policy:1")
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.Write(tag, img); err != nil {
		t.Fatal(err)
	}
	digest, err := img.Digest()
	if err != nil {
		t.Fatal(err)
	}
	return host + "/sec/policy@" + digest.String()
}

func TestOneFile(t *testing.T) {
	server := httptest.NewServer(ggcr.New())
	defer server.Close()
	host := strings.TrimPrefix(server.URL, "http://")
	get := func(ref string, limit int64) (string, error) {
		data, err := image.OneFile(t.Context(), ref, limit, image.Remote{})
		return string(data), err
	}
	if got, err := get(pushed(t, host, "version: 1\n"), 100); got != "version: 1\n" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
	for name, test := range map[string]struct {
		ref   string
		limit int64
		want  string
	}{
		"by a tag":     {host + "/sec/policy:1", 100, "by its digest"},
		"two files":    {pushed(t, host, "a", "b"), 100, "has 2 files"},
		"none":         {pushed(t, host), 100, "has 0 files"},
		"too large":    {pushed(t, host, "0123456789"), 5, "more than 5 bytes"},
		"not there":    {host + "/sec/policy@sha256:" + strings.Repeat("0", 64), 100, "404"},
		"no reference": {"https://x", 100, "without https://"},
	} {
		if got, err := get(test.ref, test.limit); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %q, %v; want %q", name, got, err, test.want)
		}
	}
	if _, err := image.OneFile(t.Context(), pushed(t, host, "x"), 100, image.Remote{Offline: true}); err == nil {
		t.Error("a registry is asked offline")
	}
}
