package image_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/boltseal/boltseal/internal/source/image"
)

// artifact has files as oras pushes them: name, content pairs.
func artifact(t *testing.T, pairs ...string) v1.Image {
	t.Helper()
	made := mutate.MediaType(empty.Image, types.OCIManifestSchema1)
	for i := 0; i < len(pairs); i += 2 {
		var err error
		made, err = mutate.Append(made, mutate.Addendum{
			Layer:       static.NewLayer([]byte(pairs[i+1]), "application/octet-stream"),
			Annotations: map[string]string{"org.opencontainers.image.title": pairs[i]},
		})
		must(t, err)
	}
	return made
}

func TestArtifact(t *testing.T) {
	f := serve(t)
	long := strings.Repeat("0123456789", 100)
	ref := f.push(t, artifact(t, "b", long, "a", "small"))
	a, err := image.OpenArtifact(t.Context(), ref, f.remote())
	must(t, err)
	defer a.Close()
	if diff := cmp.Diff([]string{"a", "b"}, a.Names()); diff != "" {
		t.Error(diff)
	}
	data, err := a.Read(t.Context(), "a", 10)
	if err != nil || string(data) != "small" {
		t.Errorf("got %q, %v", data, err)
	}
	if _, err := a.Read(t.Context(), "b", 10); err == nil || !strings.Contains(err.Error(), "1000 bytes, of at most 10") {
		t.Errorf("got %v", err)
	}
	if _, err := a.Read(t.Context(), "c", 10); err == nil || !strings.Contains(err.Error(), "no file c") {
		t.Errorf("got %v", err)
	}
	for _, offset := range []int64{0, 1, 999} {
		body, start, err := a.Open(t.Context(), "b", offset)
		must(t, err)
		rest, err := io.ReadAll(body)
		body.Close()
		if err != nil || start != 0 && start != offset || string(rest) != long[start:] {
			t.Errorf("from %d: start %d, %d bytes, %v", offset, start, len(rest), err)
		}
	}
	t.Run("a rest that begins elsewhere", func(t *testing.T) {
		f.answer(digestIn(long), func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Range", "bytes 5-999/1000")
			w.WriteHeader(http.StatusPartialContent)
		})
		if _, _, err := a.Open(t.Context(), "b", 7); err == nil || !strings.Contains(err.Error(), "another part") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("another content", func(t *testing.T) {
		f.answer(digestIn("small"), func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "smalL") })
		if _, err := a.Read(t.Context(), "a", 10); err == nil || !strings.Contains(err.Error(), "digest") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("a web page", func(t *testing.T) {
		f.answer(digestIn("small"), func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			fmt.Fprint(w, "small")
		})
		if _, err := a.Read(t.Context(), "a", 10); err == nil || !strings.Contains(err.Error(), "web page") {
			t.Errorf("got %v", err)
		}
	})
}

func digestIn(content string) string {
	h, _, err := v1.SHA256(bytes.NewReader([]byte(content)))
	if err != nil {
		panic(err)
	}
	return h.String()
}

func TestWhatIsNoArtifact(t *testing.T) {
	f := serve(t)
	made, err := random.Image(100, 1)
	must(t, err)
	index, err := random.Index(100, 1, 1)
	must(t, err)
	for name, c := range map[string]struct {
		ref  string
		want string
	}{
		"an image":      {f.push(t, made), "is it an image?"},
		"nothing":       {f.host + "/team/none:1", "does not have it"},
		"twice a name":  {f.push(t, artifact(t, "a", "x", "a", "y")), "two files called"},
		"an index":      {f.push(t, index), "no artifact with files"},
		"no reference":  {"https://x", "without https://"},
		"under offline": {f.host + "/x:1", "--offline"},
	} {
		t.Run(name, func(t *testing.T) {
			switch name {
			case "an image":
				f.push(t, made)
			case "twice a name":
				f.push(t, artifact(t, "a", "x", "a", "y"))
			case "an index":
				f.push(t, index)
			}
			r := f.remote()
			r.Offline = name == "under offline"
			if _, err := image.OpenArtifact(t.Context(), c.ref, r); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}
