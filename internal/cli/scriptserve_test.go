package cli_test

import (
	"archive/zip"
	"bytes"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	ggcr "github.com/google/go-containerregistry/pkg/registry"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/rogpeppe/go-internal/testscript"
)

// serve DIR serves a folder and tells where in $SERVER; requests are written to
// DIR.log. serve oci DIR NAME pushes the files of a folder as an artifact, as oras
// does, and tells the reference in $ARTIFACT and the digest in $DIGEST.
func serve(ts *testscript.TestScript, neg bool, args []string) {
	switch {
	case !neg && len(args) == 1:
		serveFolder(ts, args[0])
	case !neg && len(args) == 3 && args[0] == "oci":
		serveArtifact(ts, args[1], args[2])
	default:
		ts.Fatalf("usage: serve DIR | serve oci DIR NAME")
	}
}

func serveFolder(ts *testscript.TestScript, dir string) {
	dir = ts.MkAbs(dir)
	log, err := os.Create(dir + ".log")
	ts.Check(err)
	files := http.FileServer(http.Dir(dir))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = fmt.Fprintln(log, r.Method, r.URL.Path)
		if _, err := os.Stat(filepath.Join(dir, ".down")); err == nil {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		files.ServeHTTP(w, r)
	}))
	ts.Defer(func() {
		server.Close()
		_ = log.Close()
	})
	ts.Setenv("SERVER", server.URL)
}

func serveArtifact(ts *testscript.TestScript, dir, tag string) {
	server := httptest.NewServer(ggcr.New(ggcr.Logger(slog.NewLogLogger(slog.DiscardHandler, slog.LevelInfo))))
	ts.Defer(server.Close)
	made := mutate.MediaType(empty.Image, types.OCIManifestSchema1)
	entries, err := os.ReadDir(ts.MkAbs(dir))
	ts.Check(err)
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".") {
			continue
		}
		data, err := os.ReadFile(filepath.Join(ts.MkAbs(dir), e.Name()))
		ts.Check(err)
		made, err = mutate.Append(made, mutate.Addendum{
			Layer:       static.NewLayer(bytes.Clone(data), "application/octet-stream"),
			Annotations: map[string]string{"org.opencontainers.image.title": e.Name()},
		})
		ts.Check(err)
	}
	ref := strings.TrimPrefix(server.URL, "http://") + "/" + tag
	parsed, err := name.ParseReference(ref)
	ts.Check(err)
	ts.Check(remote.Write(parsed, made))
	digest, err := made.Digest()
	ts.Check(err)
	ts.Setenv("ARTIFACT", ref)
	ts.Setenv("DIGEST", digest.String())
}

// zips DIR FROM writes DIR/all.zip with the files of a folder, as OSV exports them.
func zips(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: zips DIR FROM")
	}
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	ts.Check(w.AddFS(os.DirFS(ts.MkAbs(args[1]))))
	ts.Check(w.Close())
	ts.Check(os.MkdirAll(ts.MkAbs(args[0]), 0o755))
	ts.Check(os.WriteFile(filepath.Join(ts.MkAbs(args[0]), "all.zip"), out.Bytes(), 0o644))
}
