package cli_test

import (
	"archive/tar"
	"bytes"
	"encoding/hex"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"

	"github.com/google/go-containerregistry/pkg/name"
	ggcr "github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/rogpeppe/go-internal/testscript"
)

// leaky is an image for a platform with a file that holds $TOKEN.
func leaky(ts *testscript.TestScript, arch string) v1.Image {
	var buf bytes.Buffer
	w := tar.NewWriter(&buf)
	content := "token = \"" + ts.Getenv("TOKEN") + "\"\n"
	ts.Check(w.WriteHeader(&tar.Header{Name: "app/" + arch + ".env", Mode: 0o644, Typeflag: tar.TypeReg, Size: int64(len(content))}))
	_, err := io.WriteString(w, content)
	ts.Check(err)
	ts.Check(w.Close())
	img, err := mutate.ConfigFile(empty.Image, &v1.ConfigFile{
		OS: "linux", Architecture: arch, RootFS: v1.RootFS{Type: "layers"}, Config: v1.Config{User: "1000", Labels: map[string]string{
			// What anybody can write.
			"org.opencontainers.image.base.name": ts.Getenv("REGISTRY") + "/team/app:1",
		}},
	})
	ts.Check(err)
	img, err = mutate.Append(img, mutate.Addendum{
		Layer: static.NewLayer(buf.Bytes(), types.OCIUncompressedLayer), History: v1.History{CreatedBy: "COPY app /app"},
	})
	ts.Check(err)
	return img
}

// registry [USER PASSWORD] starts one that holds team/app:1 for two platforms, and
// tells where in $REGISTRY.
func registry(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args)%2 != 0 {
		ts.Fatalf("usage: registry [USER PASSWORD]")
	}
	own := ggcr.New(ggcr.Logger(slog.NewLogLogger(slog.DiscardHandler, slog.LevelInfo)))
	var locked atomic.Bool
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, password, _ := r.BasicAuth()
		if locked.Load() && (user != args[0] || password != args[1]) {
			w.Header().Set("WWW-Authenticate", `Basic realm="script"`)
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		own.ServeHTTP(w, r)
	}))
	ts.Defer(server.Close)
	host := strings.TrimPrefix(server.URL, "http://")
	ref, err := name.ParseReference(host + "/team/app:1")
	ts.Check(err)
	ts.Setenv("REGISTRY", host)
	var index v1.ImageIndex = empty.Index
	for _, arch := range []string{"amd64", "arm64"} {
		index = mutate.AppendManifests(index, mutate.IndexAddendum{
			Add: leaky(ts, arch), Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: arch}},
		})
	}
	ts.Check(remote.WriteIndex(ref, index))
	locked.Store(len(args) > 0)
}

// builton NAME BASE [CAPABILITIES] builds an image for linux/amd64 upon one of the registry, with the
// step "make install-everything", and pushes it as team/NAME:1; the file NAME.tar holds
// it as well.
func builton(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 && len(args) != 3 {
		ts.Fatalf("usage: builton NAME BASE [CAPABILITIES]")
	}
	from, err := name.ParseReference(ts.Getenv("REGISTRY") + "/" + args[1])
	ts.Check(err)
	base, err := remote.Image(from, remote.WithPlatform(v1.Platform{OS: "linux", Architecture: "amd64"}))
	ts.Check(err)
	var buf bytes.Buffer
	w := tar.NewWriter(&buf)
	for _, name := range []string{"app/", "app/" + args[0]} {
		kind := map[bool]byte{true: tar.TypeDir, false: tar.TypeReg}[strings.HasSuffix(name, "/")]
		h := &tar.Header{Name: name, Mode: 0o777, Typeflag: kind}
		if kind == tar.TypeReg && len(args) == 3 {
			value, err := hex.DecodeString(args[2])
			ts.Check(err)
			h.PAXRecords = map[string]string{"SCHILY.xattr.security.capability": string(value)}
		}
		ts.Check(w.WriteHeader(h))
	}
	ts.Check(w.Close())
	img, err := mutate.Append(base, mutate.Addendum{
		Layer: static.NewLayer(buf.Bytes(), types.OCIUncompressedLayer), History: v1.History{CreatedBy: "RUN /bin/sh -c make install-everything # buildkit"},
	})
	ts.Check(err)
	to, err := name.NewTag(ts.Getenv("REGISTRY") + "/team/" + args[0] + ":1")
	ts.Check(err)
	ts.Check(remote.Write(to, img))
	ts.Check(tarball.WriteToFile(ts.MkAbs(args[0]+".tar"), to, img))
}

// signs IMAGE puts what looks like a signature by cosign of an image, or of an index, into
// the registry.
func signs(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: signs IMAGE")
	}
	of, err := name.ParseReference(ts.Getenv("REGISTRY") + "/" + args[0])
	ts.Check(err)
	d, err := remote.Head(of)
	ts.Check(err)
	img, err := mutate.AppendLayers(empty.Image, static.NewLayer([]byte("{}"), "application/vnd.dev.cosign.simplesigning.v1+json"))
	ts.Check(err)
	ts.Check(remote.Write(of.Context().Tag(d.Digest.Algorithm+"-"+d.Digest.Hex+".sig"), img))
}

// daemon starts one that holds team/app:1, and tells where in $SOCKET.
func daemon(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 0 {
		ts.Fatalf("usage: daemon")
	}
	tag, err := name.NewTag("team/app:1")
	ts.Check(err)
	var saved bytes.Buffer
	ts.Check(tarball.Write(tag, leaky(ts, "amd64"), &saved))
	mux := http.NewServeMux()
	mux.HandleFunc("GET /images/team/app:1/json", func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(map[string]any{"Id": "sha256:" + strings.Repeat("a", 64), "Size": saved.Len()})
	})
	mux.HandleFunc("GET /images/team/app:1/get", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(saved.Bytes()) })
	dir, err := os.MkdirTemp("", "boltseal")
	ts.Check(err)
	ts.Defer(func() { os.RemoveAll(dir) })
	socket := filepath.Join(dir, "d.sock")
	l, err := net.Listen("unix", socket)
	ts.Check(err)
	server := &httptest.Server{Listener: l, Config: &http.Server{Handler: mux}}
	server.Start()
	ts.Defer(server.Close)
	ts.Setenv("SOCKET", socket)
}

// artifact FILE pushes a file to the registry as sec/policy, as oras does, and writes
// its digest into the file digest.
func artifact(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: artifact FILE")
	}
	img, err := mutate.AppendLayers(mutate.MediaType(empty.Image, types.OCIManifestSchema1), static.NewLayer([]byte(ts.ReadFile(args[0])), "application/yaml"))
	ts.Check(err)
	ref, err := name.ParseReference(ts.Getenv("REGISTRY") + "/sec/policy:1")
	ts.Check(err)
	ts.Check(remote.Write(ref, img))
	digest, err := img.Digest()
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs("digest"), []byte(digest.String()), 0o600))
}
