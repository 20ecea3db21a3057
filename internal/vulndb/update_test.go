package vulndb

import (
	"context"
	"crypto/md5"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/boltseal/boltseal/internal/inventory"
)

func run(t *testing.T, u *Updater) *Manifest {
	t.Helper()
	m, err := u.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestUpdateFromExports(t *testing.T) {
	s := newSource(t, exported(t))
	dir := filepath.Join(t.TempDir(), "db")
	m := run(t, s.updater(t, dir, "npm", "Debian", "PyPI"))
	if m.Built != "2026-11-25T12:00:00Z" || m.KEV != "2025-08-25" || m.EPSS != "2026-01-11" || len(m.Parts) != 3 {
		t.Errorf("built %s, KEV %s, EPSS %s, %d parts", m.Built, m.KEV, m.EPSS, len(m.Parts))
	}
	db, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	packages := slices.DeleteFunc(samplePackages(), func(p inventory.Package) bool { return strings.HasPrefix(p.Ecosystem, "Red") || p.Ecosystem == "Go" })
	compareModes(t, db, open(t, folderOf(t, sampleAdvisories(t))), packages)
	want := []string{"/Debian/all.zip", "/PyPI/all.zip", "/npm/all.zip", "/kev.json", "/epss.csv"}
	if diff := cmp.Diff(want, s.asked()); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
	for name := range contents(t, dir) {
		if !ours(name) && name != manifestFile {
			t.Errorf("left behind: %s", name)
		}
	}

	t.Run("what is new is fetched, the rest only asked for", func(t *testing.T) {
		later := now.Add(time.Hour)
		s.put("/npm/all.zip", zipOf(t, "a.json", strings.Replace(npmAdvisory, "2024-05", "2025-05", 1), "b.json", npmAdvisory, "c.json", npmAdvisory, "d.json", strings.Replace(npmAdvisory, "GHSA-npm", "GHSA-2", 1), "e.json", strings.Replace(npmAdvisory, "GHSA-npm", "GHSA-3", 1), "f.json", strings.Replace(npmAdvisory, "GHSA-npm", "GHSA-4", 1)))
		before, err := ReadManifest(dir)
		if err != nil {
			t.Fatal(err)
		}
		u := s.updater(t, dir)
		u.Now = func() time.Time { return later }
		m := run(t, u)
		for _, line := range s.asked() {
			if !strings.Contains(line, ` "`) {
				t.Errorf("asked without a condition: %s", line)
			}
		}
		if m.Built != "2026-11-25T13:00:00Z" || m.of("Debian").Matches != before.of("Debian").Matches {
			t.Errorf("built %s", m.Built)
		}
		if m.of("npm").Matches == before.of("npm").Matches || m.of("PyPI").Matches != before.of("PyPI").Matches {
			t.Error("npm is the old one, or PyPI another one")
		}
		if got := m.of("PyPI").Built; got != "2026-11-25T12:00:00Z" {
			t.Errorf("PyPI is of %s: it was not fetched again", got)
		}
		state := readState(dir, digestOf(t, dir))
		if !state.checked("PyPI").Equal(later) || !state.checked("KEV").Equal(later) {
			t.Errorf("checked %v", state.Sources)
		}
	})
	t.Run("one ecosystem alone", func(t *testing.T) {
		u := s.updater(t, dir, "PyPI")
		u.Only = true
		run(t, u)
		if got := len(s.asked()); got != 3 {
			t.Errorf("%d requests, want those for PyPI, KEV and EPSS", got)
		}
	})
	t.Run("KEV and EPSS alone", func(t *testing.T) {
		s.put("/kev.json", []byte(`{"dateReleased":"2026-11-24T00:00:00Z","vulnerabilities":[{"cveID":"CVE-2024-2","dateAdded":"2026-11-24"}]}`))
		before := *m.of("npm")
		u := s.updater(t, dir)
		u.Only = true
		m := run(t, u)
		if m.KEV != "2026-11-24" || m.EPSS != "2026-01-11" || m.of("npm") == nil || m.of("npm").Matches == before.Matches {
			t.Errorf("KEV %s, EPSS %s", m.KEV, m.EPSS)
		}
		db, err := OpenDatabase(dir)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		kev, _, err1 := db.extras.about("CVE-2024-1")
		_, epss, err2 := db.extras.about("CVE-2024-1")
		if errors.Join(err1, err2) != nil || kev != nil || epss == nil || epss.Score != 0.97123 {
			t.Errorf("CVE-2024-1: %v, %v, %v, %v", kev, epss, err1, err2)
		}
	})
}

func digestOf(t *testing.T, dir string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, manifestFile))
	if err != nil {
		t.Fatal(err)
	}
	return "sha256:" + checksum(data)
}

// TestEnrichmentIsWhole holds that what is read out of a database is what was put in.
func TestEnrichmentIsWhole(t *testing.T) {
	dir := folderOf(t, sampleAdvisories(t))
	want, err := readEnrichment(dir)
	if err != nil {
		t.Fatal(err)
	}
	delete(want.epss, "odd")
	db, _ := installed(t, dir)
	got, err := db.extras.whole()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(enrichment{})); diff != "" {
		t.Errorf("(-read +out of the database):\n%s", diff)
	}
}

// faults are servers' ways to fail, with what is to be said of them.
var faults = map[string]struct {
	fault func(w http.ResponseWriter, r *http.Request, data []byte) bool
	want  string
}{
	"a web page": {func(w http.ResponseWriter, _ *http.Request, _ []byte) bool {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write([]byte("<html>sign in"))
		return true
	}, "a web page: does a proxy or a sign-in page"},
	"a web page that says nothing of it": {func(w http.ResponseWriter, _ *http.Request, _ []byte) bool {
		w.Header().Set("Content-Type", "application/octet-stream")
		_, _ = w.Write([]byte("<html>sign in"))
		return true
	}, ""},
	"not there": {func(w http.ResponseWriter, _ *http.Request, _ []byte) bool {
		w.WriteHeader(http.StatusNotFound)
		return true
	}, "answers 404 Not Found"},
	"refused": {func(w http.ResponseWriter, _ *http.Request, _ []byte) bool {
		w.WriteHeader(http.StatusForbidden)
		return true
	}, "wants credentials"},
	"always busy": {func(w http.ResponseWriter, _ *http.Request, _ []byte) bool {
		w.WriteHeader(http.StatusServiceUnavailable)
		return true
	}, "answers 503 Service Unavailable, 5 times"},
	"stalls": {func(w http.ResponseWriter, r *http.Request, data []byte) bool {
		w.Header().Set("Content-Length", fmt.Sprint(len(data)))
		_, _ = w.Write(data[:len(data)/2])
		w.(http.Flusher).Flush()
		<-r.Context().Done()
		return true
	}, "nothing came from it for 100ms"},
	"breaks at the same place again and again": {func(w http.ResponseWriter, _ *http.Request, data []byte) bool {
		cut(w, data, len(data)/3)
		return true
	}, "broke off"},
	"too large": {func(w http.ResponseWriter, _ *http.Request, _ []byte) bool {
		w.Header().Set("Content-Length", fmt.Sprint(int64(maxExport)+1))
		w.WriteHeader(http.StatusOK)
		return true
	}, "limit exceeded"},
	"leads to another host": {func(w http.ResponseWriter, r *http.Request, _ []byte) bool {
		http.Redirect(w, r, "http://localhost.localhost:1/x", http.StatusFound)
		return true
	}, "leads to another host (localhost.localhost)"},
	"leads in a circle": {func(w http.ResponseWriter, r *http.Request, _ []byte) bool {
		http.Redirect(w, r, r.URL.Path, http.StatusFound)
		return true
	}, "leads on more than 10 times"},
	"an empty answer": {func(w http.ResponseWriter, _ *http.Request, _ []byte) bool {
		w.WriteHeader(http.StatusOK)
		return true
	}, ""},
	"half of it, as if that were all": {func(w http.ResponseWriter, _ *http.Request, data []byte) bool {
		_, _ = w.Write(data[:len(data)/2])
		return true
	}, ""},
	"nothing new, though nobody asked": {func(w http.ResponseWriter, r *http.Request, _ []byte) bool {
		if r.Header.Get("If-None-Match") != "" {
			return false
		}
		w.WriteHeader(http.StatusNotModified)
		return true
	}, ""},
	"a part, though nobody asked": {func(w http.ResponseWriter, _ *http.Request, data []byte) bool {
		w.WriteHeader(http.StatusPartialContent)
		_, _ = w.Write(data)
		return true
	}, ""},
	"another file": {func(w http.ResponseWriter, _ *http.Request, data []byte) bool {
		w.Header().Set("X-Goog-Hash", "md5=AAAAAAAAAAAAAAAAAAAAAA==")
		_, _ = w.Write(data)
		return true
	}, ""},
}

// TestFaultySources holds that whatever a server does, the error says so, and what
// was there before is there still.
func TestFaultySources(t *testing.T) {
	for name, f := range faults {
		for _, kind := range []string{"exports", "mirror"} {
			if name == "another file" && kind == "mirror" {
				continue // it is none there
			}
			t.Run(kind+": "+name, func(t *testing.T) {
				dir := filepath.Join(t.TempDir(), "db")
				s := newSource(t, exported(t))
				updater := s.updater
				if kind == "mirror" {
					_, old := installed(t, folderOf(t, sampleAdvisories(t)))
					s.files = mirrored(t, old)
					updater = func(t *testing.T, dir string, _ ...string) *Updater { return s.mirror(t, dir) }
				}
				s.breakBy(f.fault)
				u := updater(t, dir, "npm")
				if name == "stalls" {
					u.Web.Stall = 100 * time.Millisecond
				}
				if _, err := u.Run(t.Context()); err == nil || !strings.Contains(err.Error(), f.want) {
					t.Errorf("without a database: got %v, want %q", err, f.want)
				}
				if _, err := Open(dir); err == nil {
					t.Error("there is a database all the same")
				}
				s.breakBy(nil)
				run(t, updater(t, dir, "npm"))
				before := contents(t, dir)
				s.put("/npm/all.zip", zipOf(t, "a.json", npmAdvisory))
				s.breakBy(f.fault)
				_, err := u.Run(t.Context())
				if err == nil || !strings.Contains(err.Error(), f.want) {
					t.Errorf("with a database: got %v, want %q", err, f.want)
				}
				if err != nil && strings.Contains(err.Error(), "\n") {
					t.Errorf("more than a line: %q", err)
				}
				if diff := cmp.Diff(before, contents(t, dir)); diff != "" {
					t.Errorf("(-before +after):\n%s", diff)
				}
			})
		}
	}
}

// TestInterruptedAnywhere breaks the connection at many places, and has another
// update go on from there.
func TestInterruptedAnywhere(t *testing.T) {
	_, built := installed(t, folderOf(t, sampleAdvisories(t)))
	for kind, files := range map[string]map[string][]byte{"exports": exported(t), "mirror": mirrored(t, built)} {
		t.Run(kind, func(t *testing.T) {
			s := newSource(t, files)
			updater := func(dir string) *Updater {
				if kind == "mirror" {
					return s.mirror(t, dir)
				}
				return s.updater(t, dir, "npm", "PyPI")
			}
			whole := filepath.Join(t.TempDir(), "db")
			run(t, updater(whole))
			want := contents(t, whole)
			paths := slices.DeleteFunc(slices.Sorted(maps.Keys(files)), func(p string) bool {
				return p == "/"+manifestFile || strings.HasPrefix(p, "/Debian") // the first is small, the other is not asked for
			})
			random := rand.New(rand.NewPCG(7, 8))
			for _, path := range paths {
				for range 12 {
					n := random.IntN(len(files[path]))
					s.asked()
					dir := filepath.Join(t.TempDir(), "db")
					s.breakBy(func(w http.ResponseWriter, r *http.Request, data []byte) bool {
						if r.URL.Path == path && r.Header.Get("Range") == "" {
							cut(w, data, n)
						}
						return false
					})
					u := updater(dir)
					u.Web = impatient
					if _, err := u.Run(t.Context()); err == nil {
						t.Fatalf("%s cut at %d: no error", path, n)
					}
					s.breakBy(nil)
					run(t, updater(dir))
					if diff := cmp.Diff(want, contents(t, dir)); diff != "" {
						t.Fatalf("%s cut at %d: (-undisturbed +recovered):\n%s", path, n, diff)
					}
					rest := fmt.Sprintf("bytes=%d-", n)
					if asked := s.asked(); n > 0 && !slices.ContainsFunc(asked, func(l string) bool { return strings.Contains(l, rest) }) {
						t.Fatalf("%s cut at %d: the rest was not asked for: %q", path, n, asked)
					}
				}
			}
		})
	}
}

// TestStoppedAnywhere ends an update wherever something has come, and garbles what
// it leaves.
func TestStoppedAnywhere(t *testing.T) {
	_, built := installed(t, folderOf(t, sampleAdvisories(t)))
	_, other := installed(t, folderOf(t, map[string]string{"npm/a.json": npmAdvisory}))
	for kind, files := range map[string]map[string][]byte{"exports": exported(t), "mirror": mirrored(t, built)} {
		t.Run(kind, func(t *testing.T) {
			s := newSource(t, files)
			updater := func(dir string) *Updater {
				if kind == "mirror" {
					return s.mirror(t, dir)
				}
				return s.updater(t, dir, "npm", "PyPI")
			}
			for stop := 1; ; stop++ {
				dir := filepath.Join(t.TempDir(), "db")
				if _, err := Export(t.Context(), other, dir); err != nil {
					t.Fatal(err)
				}
				ctx, cancel := context.WithCancel(t.Context())
				u := updater(dir)
				seen := 0
				u.Progress = func(Progress) {
					if seen++; seen == stop {
						cancel()
					}
				}
				_, err := u.Run(ctx)
				cancel()
				if _, err := askAll(t, dir); err != nil {
					t.Fatalf("stopped at %d: the database: %v", stop, err)
				}
				for _, e := range must(os.ReadDir(dir)) {
					if strings.HasPrefix(e.Name(), partPrefix) && !strings.HasSuffix(e.Name(), ".json") {
						garble(t, filepath.Join(dir, e.Name()))
					}
				}
				run(t, updater(dir))
				if err := verifyAt(t, dir); err != nil {
					t.Fatalf("stopped at %d: %v", stop, err)
				}
				if err == nil {
					break
				}
			}
		})
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func garble(t *testing.T, path string) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := range data {
		data[i] ^= 0x55
	}
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestOlderIsRefused(t *testing.T) {
	sample := sampleAdvisories(t)
	older := buildFrom(t, folderOf(t, map[string]string{"PyPI/a.json": strings.Replace(pyAdvisory, "2024-06", "2024-01", 1)}))
	oldDir := filepath.Join(t.TempDir(), "old")
	if err := older.Install(oldDir); err != nil {
		t.Fatal(err)
	}
	_, newer := installed(t, folderOf(t, sample))
	s := newSource(t, mirrored(t, newer))
	dir := filepath.Join(t.TempDir(), "db")
	run(t, s.mirror(t, dir))
	before := contents(t, dir)
	s.files = mirrored(t, oldDir)
	_, err := s.mirror(t, dir).Run(t.Context())
	if _, ok := errors.AsType[*OlderError](err); !ok || !strings.Contains(err.Error(), "2024-01-01T00:00:00Z there, and the one at hand of 2024-06-01T00:00:00Z: refused") {
		t.Errorf("got %v", err)
	}
	if diff := cmp.Diff(before, contents(t, dir)); diff != "" {
		t.Errorf("(-before +after):\n%s", diff)
	}
	t.Run("unless asked", func(t *testing.T) {
		u := s.mirror(t, dir)
		u.AllowOlder = true
		if m := run(t, u); m.Built != "2024-01-01T00:00:00Z" {
			t.Errorf("built %s", m.Built)
		}
	})
	t.Run("of a mirror that lags the next one is asked", func(t *testing.T) {
		dir := filepath.Join(t.TempDir(), "db")
		fresh := newSource(t, mirrored(t, newer))
		run(t, fresh.mirror(t, dir))
		u := s.mirror(t, dir)
		u.Origins = append(u.Origins, fresh.mirror(t, dir).Origins...)
		run(t, u)
	})
	t.Run("one of the future", func(t *testing.T) {
		future, err := Build(t.Context(), BuildOptions{From: []string{folderOf(t, sample)}, Date: now.AddDate(1, 0, 0)})
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(t.TempDir(), "future")
		if err := future.Install(path); err != nil {
			t.Fatal(err)
		}
		u := s.mirror(t, dir)
		u.Origins = []Origin{Copy(path)}
		if _, err := u.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "in the future: refused") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("exports", func(t *testing.T) {
		for name, zip := range map[string][]byte{
			"older records":      zipOf(t, "a.json", strings.Replace(npmAdvisory, "2024-05", "2024-01", 1)),
			"half of the record": zipOf(t, "a.json", strings.Replace(npmAdvisory, "2024-05", "2024-06", 1)),
		} {
			s := newSource(t, exported(t))
			dir := filepath.Join(t.TempDir(), "db")
			run(t, s.updater(t, dir, "npm"))
			before := contents(t, dir)
			s.put("/npm/all.zip", zip)
			if _, err := s.updater(t, dir).Run(t.Context()); err == nil || !strings.Contains(err.Error(), "refused") {
				t.Errorf("%s: got %v", name, err)
			}
			after := contents(t, dir)
			delete(before, stateFile) // KEV and EPSS were asked for
			delete(after, stateFile)
			if diff := cmp.Diff(before, after); diff != "" {
				t.Errorf("%s (-before +after):\n%s", name, diff)
			}
			u := s.updater(t, dir)
			u.AllowOlder = true
			run(t, u)
		}
	})
	t.Run("KEV", func(t *testing.T) {
		s := newSource(t, exported(t))
		dir := filepath.Join(t.TempDir(), "db")
		run(t, s.updater(t, dir, "npm"))
		s.put("/kev.json", []byte(`{"dateReleased":"2020-01-01","vulnerabilities":[{"cveID":"CVE-2024-2","dateAdded":"2020-01-01"}]}`))
		if m, err := s.updater(t, dir).Run(t.Context()); err == nil || !strings.Contains(err.Error(), "KEV: it is of 2020-01-01 there") || m.KEV != "2025-08-25" {
			t.Errorf("got %v, %v", m.KEV, err)
		}
	})
}

func TestMirrorsFallBack(t *testing.T) {
	_, built := installed(t, folderOf(t, sampleAdvisories(t)))
	down := httptest.NewServer(http.NotFoundHandler())
	down.Close()
	first, err := Mirror(down.URL)
	if err != nil {
		t.Fatal(err)
	}
	bad := newSource(t, map[string][]byte{"/" + manifestFile: []byte(`{"format":"other"}`)})
	good := newSource(t, mirrored(t, built))
	dir := filepath.Join(t.TempDir(), "db")
	u := good.mirror(t, dir)
	u.Origins = slices.Concat([]Origin{first, Copy(filepath.Join(dir, "nowhere"))}, bad.mirror(t, dir).Origins, u.Origins)
	run(t, u)
	if digestOf(t, dir) != digestOf(t, built) {
		t.Error("it is another database")
	}
	u.Origins = u.Origins[:3]
	_, err = u.Run(t.Context())
	if err == nil || !strings.Contains(err.Error(), ": connection refused; ") || !strings.Contains(err.Error(), "no such file") || !strings.Contains(err.Error(), "not a built database") {
		t.Errorf("all of them are named: %v", err)
	}
}

// TestCopies fetches from a folder and from a file.
func TestCopies(t *testing.T) {
	_, built := installed(t, folderOf(t, sampleAdvisories(t)))
	file := filepath.Join(t.TempDir(), "x.tar")
	if _, err := Export(t.Context(), built, file); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{built, file} {
		dir := filepath.Join(t.TempDir(), "db")
		u := &Updater{Dir: dir, Origins: []Origin{Copy(path)}, Now: func() time.Time { return now }}
		run(t, u)
		run(t, u)
		if err := verifyAt(t, dir); err != nil || digestOf(t, dir) != digestOf(t, built) {
			t.Errorf("%s: %v", path, err)
		}
	}
	u := &Updater{Dir: filepath.Join(t.TempDir(), "db"), Origins: []Origin{Copy(folderOf(t, map[string]string{"npm/a.json": npmAdvisory}))}}
	if _, err := u.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "boltseal db build") {
		t.Errorf("advisories: got %v", err)
	}
}

// TestTwoAtOnce has two processes update the same folder: one waits for the other.
func TestTwoAtOnce(t *testing.T) {
	s := newSource(t, exported(t))
	dir := filepath.Join(t.TempDir(), "db")
	var all sync.WaitGroup
	errs := make([]error, 4)
	for i := range errs {
		u := s.updater(t, dir, "npm", "PyPI")
		u.Web.Wait = func(ctx context.Context, _ time.Duration) error {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(time.Millisecond):
				return nil
			}
		}
		all.Go(func() { _, errs[i] = u.Run(t.Context()) })
	}
	all.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	if err := verifyAt(t, dir); err != nil {
		t.Error(err)
	}
	whole := 0
	for _, line := range s.asked() {
		if line == "/npm/all.zip" {
			whole++
		}
	}
	if whole != 1 {
		t.Errorf("npm was fetched %d times", whole)
	}
}

func TestPins(t *testing.T) {
	_, built := installed(t, folderOf(t, sampleAdvisories(t)))
	s := newSource(t, mirrored(t, built))
	u := s.mirror(t, filepath.Join(t.TempDir(), "db"))
	u.Pins = []string{"sha256:0"}
	if _, err := u.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "which the policy does not name") {
		t.Errorf("got %v", err)
	}
	u.Pins = append(u.Pins, digestOf(t, built))
	run(t, u)
	if _, err := s.updater(t, u.Dir, "npm").Run(t.Context()); err == nil {
		t.Error("a mirror has no exports")
	}
	exports := newSource(t, exported(t)).updater(t, u.Dir, "npm")
	exports.Pins = u.Pins
	if _, err := exports.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "fetch a built one") {
		t.Errorf("got %v", err)
	}
}

// TestLinksInTheFolder holds that nothing is written through a link that somebody has
// put into the folder.
func TestLinksInTheFolder(t *testing.T) {
	_, built := installed(t, folderOf(t, sampleAdvisories(t)))
	for kind, files := range map[string]map[string][]byte{"exports": exported(t), "mirror": mirrored(t, built)} {
		s := newSource(t, files)
		dir := t.TempDir()
		precious := filepath.Join(t.TempDir(), "precious")
		if err := os.WriteFile(precious, []byte("precious"), 0o600); err != nil {
			t.Fatal(err)
		}
		u := s.mirror(t, dir)
		if kind == "exports" {
			u = s.updater(t, dir, "npm")
		}
		// Learn the names, then put links there.
		u.Web = impatient
		s.breakBy(func(w http.ResponseWriter, r *http.Request, data []byte) bool {
			if r.URL.Path != "/"+manifestFile {
				cut(w, data, 1)
			}
			return false
		})
		_, _ = u.Run(t.Context())
		for _, e := range must(os.ReadDir(dir)) {
			if strings.HasPrefix(e.Name(), partPrefix) {
				if err := errors.Join(os.Remove(filepath.Join(dir, e.Name())), os.Symlink(precious, filepath.Join(dir, e.Name()))); err != nil {
					t.Fatal(err)
				}
			}
		}
		s.breakBy(nil)
		u.Web = hasty
		run(t, u)
		if data, err := os.ReadFile(precious); err != nil || string(data) != "precious" {
			t.Errorf("%s: the file behind a link is %q, %v", kind, data, err)
		}
	}
}

func TestUnwritable(t *testing.T) {
	s := newSource(t, exported(t))
	file := filepath.Join(t.TempDir(), "f")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := s.updater(t, filepath.Join(file, "db"), "npm").Run(t.Context()); err == nil || !strings.Contains(err.Error(), "not a directory") {
		t.Errorf("got %v", err)
	}
	if asked := s.asked(); len(asked) > 0 {
		t.Errorf("it fetched first: %q", asked)
	}
	other := folderOf(t, map[string]string{"thesis.txt": "x"})
	if _, err := s.updater(t, other, "npm").Run(t.Context()); err == nil || !strings.Contains(err.Error(), "not empty") {
		t.Errorf("got %v", err)
	}
}

func TestAddresses(t *testing.T) {
	for address, want := range map[string]string{
		"https://mirror.example/db":       "",
		"http://127.0.0.1:1/db":           "",
		"http://mirror.example/db":        "plain HTTP",
		"mirror.example/db":               "https://HOST/PATH",
		"https://mirror.example/db?k=sec": "leave out",
		"ftp://mirror.example":            "https://HOST/PATH",
	} {
		_, err := Mirror(address)
		if (want == "") != (err == nil) || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", address, err, want)
		}
	}
	o, err := Mirror("https://user:geheim@mirror.example/db/")
	if err != nil || o.Name() != "https://mirror.example/db" {
		t.Errorf("got %q, %v", o.Name(), err)
	}
	if !slices.IsSorted(Ecosystems()) {
		t.Error("the ecosystems are not sorted")
	}
	if diff := cmp.Diff([]string{"Debian", "npm"}, familiesOf([]inventory.Package{{Ecosystem: "npm"}, {Ecosystem: "Debian:12"}, {Ecosystem: "Debian:11"}, {}}), cmpopts.EquateEmpty()); diff != "" {
		t.Error(diff)
	}
}

// TestPartsNobodyAskedFor answers with a part of a file where all of it was asked for.
func TestPartsNobodyAskedFor(t *testing.T) {
	s := newSource(t, exported(t))
	s.breakBy(func(w http.ResponseWriter, r *http.Request, data []byte) bool {
		if r.URL.Path != "/npm/all.zip" || r.Header.Get("Range") != "" {
			return false
		}
		w.Header().Set("ETag", fmt.Sprintf(`"%x"`, md5.Sum(data)))
		w.Header().Set("Content-Range", fmt.Sprintf("bytes 0-99/%d", len(data)))
		w.Header().Set("Content-Length", "100")
		w.WriteHeader(http.StatusPartialContent)
		_, _ = w.Write(data[:100])
		return true
	})
	dir := filepath.Join(t.TempDir(), "db")
	run(t, s.updater(t, dir, "npm"))
	if err := verifyAt(t, dir); err != nil {
		t.Error(err)
	}
}

// TestNoPasswordIsKept holds that the password of a mirror is in no file and in no
// message.
func TestNoPasswordIsKept(t *testing.T) {
	s := newSource(t, exported(t))
	dir := filepath.Join(t.TempDir(), "db")
	base := strings.Replace(s.URL, "http://", "http://user:geheim@", 1)
	o, err := Exports(base, base+"/kev.json", base+"/epss.csv")
	if err != nil {
		t.Fatal(err)
	}
	u := s.updater(t, dir, "npm", "PyPI")
	u.Origins = []Origin{o}
	u.Web = impatient
	s.breakBy(func(w http.ResponseWriter, r *http.Request, data []byte) bool {
		if user, password, _ := r.BasicAuth(); user != "user" || password != "geheim" {
			w.WriteHeader(http.StatusUnauthorized)
			return true
		}
		if r.URL.Path == "/npm/all.zip" {
			cut(w, data, 50)
		}
		return false
	})
	_, err = u.Run(t.Context())
	if err == nil || strings.Contains(err.Error(), "geheim") {
		t.Errorf("got %v", err)
	}
	for _, e := range must(os.ReadDir(dir)) {
		if data := must(os.ReadFile(filepath.Join(dir, e.Name()))); strings.Contains(string(data), "geheim") {
			t.Errorf("%s holds the password", e.Name())
		}
	}
}

// TestANewerSchemaStays holds that the database of a newer program is not replaced.
func TestANewerSchemaStays(t *testing.T) {
	s := newSource(t, exported(t))
	image := buildFrom(t, folderOf(t, sampleAdvisories(t)))
	image.Manifest.Schema = Schema + 1
	dir := filepath.Join(t.TempDir(), "db")
	if err := image.Install(dir); err != nil {
		t.Fatal(err)
	}
	before := contents(t, dir)
	if _, err := s.updater(t, dir, "npm").Run(t.Context()); err == nil || !strings.Contains(err.Error(), "use a newer boltseal") {
		t.Errorf("got %v", err)
	}
	db := Keep(keeping(s.updater(t, dir)))
	defer db.Close()
	if _, err := db.Query(t.Context(), []inventory.Package{npmPackage}); err == nil || !strings.Contains(err.Error(), "use a newer boltseal") {
		t.Errorf("got %v", err)
	}
	if diff := cmp.Diff(before, contents(t, dir)); diff != "" {
		t.Errorf("(-before +after):\n%s", diff)
	}
}

// FuzzManifest hands any bytes to the reader of manifests.
func FuzzManifest(f *testing.F) {
	raw, err := buildFrom(f, folderOf(f, map[string]string{"npm/a.json": npmAdvisory})).Manifest.bytes()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(raw)
	f.Add([]byte(`{"format":"boltseal vulnerability database","schema":1,"built":"2024-01-01T00:00:00Z"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := parseManifest(data)
		if err != nil {
			return
		}
		for _, file := range m.files() {
			if filepath.Base(file.Name) != file.Name {
				t.Errorf("a file outside of the folder: %q", file.Name)
			}
		}
		_ = m.Sources()
	})
}
