package image_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/boltseal/boltseal/internal/source/image"
)

// fakeDaemon listens on a socket and has team/app:1, as saved. Answers stand before
// its own, by path. It gives the socket.
func fakeDaemon(t *testing.T, saved []byte, answers map[string]http.HandlerFunc) string {
	t.Helper()
	mux := http.NewServeMux()
	handle := func(path string, h http.HandlerFunc) {
		if a := answers[path]; a != nil {
			h = a
		}
		mux.HandleFunc("GET /images/team/app:1/"+path, h)
	}
	handle("json", func(w http.ResponseWriter, _ *http.Request) {
		json.NewEncoder(w).Encode(map[string]any{"Id": "sha256:" + strings.Repeat("a", 64), "Size": len(saved)})
	})
	handle("get", func(w http.ResponseWriter, _ *http.Request) {
		w.(http.Flusher).Flush() // docker does not know the size either
		w.Write(saved)
	})
	dir, err := os.MkdirTemp("", "boltseal") //nolint:usetesting // a socket's path must be short
	must(t, err)
	socket := filepath.Join(dir, "d.sock")
	l, err := net.Listen("unix", socket)
	must(t, err)
	server := &httptest.Server{Listener: l, Config: &http.Server{Handler: mux}}
	server.Start()
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
		os.RemoveAll(dir)
	})
	return socket
}

func saved(t *testing.T, img v1.Image) []byte {
	t.Helper()
	data, err := os.ReadFile(dockerTar(t, map[string]v1.Image{"registry.example.com/another:2": img}))
	must(t, err)
	return data
}

// temporary has temporary files made in a folder of their own, which must be empty
// in the end.
func temporary(t *testing.T) {
	t.Helper()
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	t.Cleanup(func() {
		left, err := os.ReadDir(dir)
		must(t, err)
		for _, l := range left {
			if strings.HasSuffix(l.Name(), ".tar") {
				t.Errorf("left behind: %s", l.Name())
			}
		}
	})
}

func TestDaemonGivesTheImage(t *testing.T) {
	img := sample(t)
	data := saved(t, img)
	for _, scheme := range []string{image.SchemeDocker, image.SchemePodman} {
		t.Run(scheme, func(t *testing.T) {
			socket := fakeDaemon(t, data, nil)
			temporary(t)
			sockets := []string{"/nowhere/docker.sock", socket}
			opt := remoteOptions(image.Remote{DockerSockets: sockets, PodmanSockets: sockets})
			s := open(t, scheme, "team/app:1", opt)[0]
			target := s.Target()
			if target.Name != scheme+":team/app:1" || target.Image.Name != "team/app" || target.Image.Reference != "team/app:1" {
				t.Errorf("target %q, image %q %q", target.Name, target.Image.Name, target.Image.Reference)
			}
			if diff := cmp.Diff(sampleWalk, entriesOf(walkAll(t, s))); diff != "" {
				t.Errorf("entries (-want +got):\n%s", diff)
			}
			opt.Platform = "linux/s390x"
			_, err := image.Open(t.Context(), scheme, "team/app:1", opt)
			wantError(t, err, "no image for platform linux/s390x")
		})
	}
}

func TestBrokenDaemons(t *testing.T) {
	data := saved(t, sample(t))
	answer := func(path string, h http.HandlerFunc) map[string]http.HandlerFunc {
		return map[string]http.HandlerFunc{path: h}
	}
	say := func(doc string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, doc) }
	}
	endless := func(w http.ResponseWriter, r *http.Request) {
		for r.Context().Err() == nil {
			if _, err := w.Write(make([]byte, 1<<16)); err != nil {
				return
			}
		}
	}
	tests := map[string]struct {
		answers map[string]http.HandlerFunc
		want    []string
	}{
		"does not have it":         {answer("json", http.NotFound), []string{"the docker daemon does not have it"}},
		"fails":                    {answer("json", status(500)), []string{"the docker daemon answers 500 Internal Server Error"}},
		"fails to save":            {answer("get", status(500)), []string{"the docker daemon answers 500 Internal Server Error"}},
		"says what no daemon says": {answer("json", say("<html>")), []string{"the docker daemon gives no answer that a daemon gives"}},
		"says far too much":        {answer("json", say(`{"Id":"`+strings.Repeat("a", 5<<20)+`"}`)), []string{"the docker daemon gives no answer that a daemon gives"}},
		"has a large image":        {answer("json", say(`{"Id":"sha256:a","Size":1000001}`)), []string{"larger than the 1000000 bytes", "save it to a file"}},
		"saves more than it said":  {answer("get", endless), []string{"larger than the 1000000 bytes"}},
		"saves half":               {answer("get", cut(data, len(data)/2)), []string{"the docker daemon: the connection broke off"}},
		"falls silent":             {answer("json", hang), []string{"the docker daemon: nothing came from it for 50ms"}},
		"saves nothing":            {answer("get", say("")), []string{"manifest.json"}},
		"saves what is no archive": {answer("get", say(strings.Repeat("hello ", 500))), []string{"not a tar archive"}},
		"leads to another place":   {answer("get", to("http://169.254.169.254/")), []string{"the docker daemon answers 307 Temporary Redirect"}},
		"falls silent while it saves": {answer("get", func(w http.ResponseWriter, r *http.Request) {
			w.Write(data[:1000])
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		}), []string{"the docker daemon: nothing came from it for 50ms"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			socket := fakeDaemon(t, data, tt.answers)
			temporary(t)
			silence := time.Minute // a busy machine is slow, and not silent
			if strings.HasPrefix(name, "falls silent") {
				silence = 50 * time.Millisecond
			}
			r := image.Impatient(image.Remote{DockerSockets: []string{socket}, MaxSpool: 1_000_000}, silence, func(time.Duration) {})
			sources, err := image.Open(t.Context(), image.SchemeDocker, "team/app:1", remoteOptions(r))
			wantError(t, err, tt.want...)
			discreet(t, err.Error())
			if len(sources) > 0 {
				t.Errorf("%d sources beside the error", len(sources))
			}
		})
	}
}

func TestNoDaemon(t *testing.T) {
	dir, err := os.MkdirTemp("", "boltseal") //nolint:usetesting // a socket's path must be short
	must(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	dead := filepath.Join(dir, "d.sock")
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: dead, Net: "unix"})
	must(t, err)
	l.SetUnlinkOnClose(false)
	must(t, l.Close())
	for name, tt := range map[string]struct {
		sockets []string
		want    string
	}{
		"none is known":       {nil, "no socket of a podman daemon is known"},
		"none is there":       {[]string{"/nowhere/a.sock", "/nowhere/b.sock"}, "no podman daemon listens on /nowhere/a.sock or /nowhere/b.sock"},
		"a file is no socket": {[]string{write(t, "a.sock", nil)}, "no podman daemon listens on"},
		"nobody listens":      {[]string{dead}, "its socket is there and nothing listens on it"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := image.Open(t.Context(), image.SchemePodman, "team/app:1", remoteOptions(image.Remote{PodmanSockets: tt.sockets}))
			wantError(t, err, tt.want)
		})
	}
}

// Where nothing says where an image is, the daemons are asked before its registry.
func TestDaemonsBeforeTheRegistry(t *testing.T) {
	img := sample(t)
	data := saved(t, img)
	f := serve(t)
	ref := f.push(t, img)
	missing := map[string]http.HandlerFunc{"json": http.NotFound}
	has := fakeDaemon(t, data, nil)
	lacks := fakeDaemon(t, data, missing)
	fails := fakeDaemon(t, data, map[string]http.HandlerFunc{"json": status(500)})
	tests := map[string]struct {
		docker, podman, ref string
		offline             bool
		want                string // target, or what the error says
	}{
		"docker has it":                     {has, has, "team/app:1", true, "docker:team/app:1"},
		"podman has it":                     {lacks, has, "team/app:1", true, "podman:team/app:1"},
		"no daemon has it":                  {lacks, lacks, ref, false, "registry:" + ref},
		"there is none":                     {"/nowhere", "/nowhere", ref, false, "registry:" + ref},
		"a daemon fails":                    {fails, has, "team/app:1", false, "the docker daemon answers 500"},
		"nobody has it, offline":            {lacks, "/nowhere", "team/app:1", true, "not asked under --offline"},
		"nobody has it, and whom was asked": {lacks, "/nowhere", "team/app:1", true, "the docker daemon does not have it"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r := f.remote()
			r.DockerSockets, r.PodmanSockets, r.Offline = []string{tt.docker}, []string{tt.podman}, tt.offline
			sources, err := image.Open(t.Context(), image.SchemeAnywhere, tt.ref, remoteOptions(r))
			got := fmt.Sprint(err)
			if len(sources) == 1 {
				got = sources[0].Target().Name
				must(t, sources[0].Close())
			}
			if !strings.Contains(got, tt.want) || (len(sources) == 1 && got != tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}
