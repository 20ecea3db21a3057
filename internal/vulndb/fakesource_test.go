package vulndb

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/md5"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/boltseal/boltseal/internal/web"
)

// now is the day of these tests.
var now = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)

// source is a server that has files, with what can go wrong with servers.
type source struct {
	*httptest.Server
	mu       sync.Mutex
	files    map[string][]byte
	requests []string // method, path, range and condition
	// fault answers instead of the server where it says so; it is called with the
	// lock held.
	fault func(w http.ResponseWriter, r *http.Request, data []byte) bool
}

func newSource(t *testing.T, files map[string][]byte) *source {
	t.Helper()
	s := &source{files: files}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

func (s *source) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	line := r.URL.Path
	for _, name := range []string{"Range", "If-None-Match"} {
		if v := r.Header.Get(name); v != "" {
			line += " " + v
		}
	}
	s.requests = append(s.requests, line)
	data, ok := s.files[r.URL.Path]
	if s.fault != nil && s.fault(w, r, data) {
		return
	}
	if !ok {
		http.NotFound(w, r)
		return
	}
	sum := md5.Sum(data)
	w.Header().Set("ETag", fmt.Sprintf(`"%x"`, sum))
	w.Header().Set("X-Goog-Hash", "crc32c=AAAA==,md5="+base64.StdEncoding.EncodeToString(sum[:]))
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(data))
}

// put changes a file.
func (s *source) put(path string, data []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.files[path] = data
}

func (s *source) breakBy(fault func(w http.ResponseWriter, r *http.Request, data []byte) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault = fault
}

// asked gives the requests since it was asked last.
func (s *source) asked() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := s.requests
	s.requests = nil
	return out
}

// cut sends so many bytes of a file and breaks the connection.
func cut(w http.ResponseWriter, data []byte, n int) {
	w.Header().Set("Content-Length", fmt.Sprint(len(data)))
	sum := md5.Sum(data)
	w.Header().Set("ETag", fmt.Sprintf(`"%x"`, sum))
	w.WriteHeader(http.StatusOK)
	_, _ = w.Write(data[:n])
	if f, ok := w.(http.Flusher); ok {
		f.Flush()
	}
	panic(http.ErrAbortHandler)
}

// exported are the files of OSV's exports, and KEV and EPSS, by path.
func exported(t *testing.T) map[string][]byte {
	t.Helper()
	all := sampleAdvisories(t)
	return map[string][]byte{
		"/npm/all.zip":    []byte(all["npm/all.zip"]),
		"/Debian/all.zip": []byte(all["Debian/all.zip"]),
		"/PyPI/all.zip":   zipOf(t, "a.json", pyAdvisory),
		"/kev.json":       []byte(all["kev.json"]),
		"/epss.csv":       []byte(all["epss.csv"]),
	}
}

// impatient gives up where a real one would wait.
var impatient = web.Options{
	Wait: func(context.Context, time.Duration) error {
		return fmt.Errorf("no patience: %w", os.ErrDeadlineExceeded)
	},
}

// hasty does not wait.
var hasty = web.Options{Wait: func(ctx context.Context, _ time.Duration) error { return ctx.Err() }}

// updater is one for a source of exports.
func (s *source) updater(t *testing.T, dir string, families ...string) *Updater {
	t.Helper()
	o, err := Exports(s.URL, s.URL+"/kev.json", s.URL+"/epss.csv")
	if err != nil {
		t.Fatal(err)
	}
	return &Updater{Dir: dir, Origins: []Origin{o}, Families: families, Web: hasty, Now: func() time.Time { return now }}
}

// mirrored are the files of a built database, by path.
func mirrored(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	m, err := ReadManifest(dir)
	if err != nil {
		t.Fatal(err)
	}
	files := make(map[string][]byte)
	names := []string{manifestFile}
	for _, f := range m.files() {
		names = append(names, f.Name)
	}
	for _, name := range names {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		files["/"+name] = data
	}
	return files
}

// mirror is an updater for a source of a built database.
func (s *source) mirror(t *testing.T, dir string) *Updater {
	t.Helper()
	o, err := Mirror(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	return &Updater{Dir: dir, Origins: []Origin{o}, Web: hasty, Now: func() time.Time { return now }}
}

// contents are the names and bytes of a folder, without the lock.
func contents(t *testing.T, dir string) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	out := make(map[string]string)
	for _, e := range entries {
		if e.Name() == lockFile || strings.HasPrefix(e.Name(), partPrefix) {
			continue
		}
		data, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		out[e.Name()] = string(data)
	}
	return out
}

// eachMember hands out the members of a zip file, by the ids that they are called by
// or, where a test has called them otherwise, hold.
func eachMember(t testing.TB, path string, add func(id string, read func() []byte)) {
	t.Helper()
	archive, err := zip.OpenReader(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { archive.Close() })
	for _, m := range archive.File {
		read := func() []byte {
			r := must(m.Open())
			defer r.Close()
			return must(io.ReadAll(r))
		}
		id := strings.TrimSuffix(filepath.Base(m.Name), ".json")
		if len(id) < 2 {
			id = idIn(read())
		}
		add(id, read)
	}
}
