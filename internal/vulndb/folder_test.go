package vulndb

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/boltseal/boltseal/internal/inventory"
)

const (
	npmAdvisory = `{"id":"GHSA-npm","modified":"2024-05-01T00:00:00Z","aliases":["CVE-2024-1"],"affected":[{"package":{"ecosystem":"npm","name":"p"},"ranges":[{"type":"SEMVER","events":[{"introduced":"0"},{"fixed":"2.0.0"}]}]}]}`
	pyAdvisory  = `{"id":"PYSEC-1","modified":"2024-06-01T00:00:00Z","affected":[{"package":{"ecosystem":"PyPI","name":"p"},"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"},{"fixed":"2.0"}]}]}]}`
)

var (
	npmPackage = inventory.Package{Ecosystem: "npm", Name: "p", Version: "1.0.0"}
	pyPackage  = inventory.Package{Ecosystem: "PyPI", Name: "p", Version: "1.0"}
)

// zipOf makes a zip file of name, content pairs.
func zipOf(tb testing.TB, pairs ...string) []byte {
	tb.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for i := 0; i < len(pairs); i += 2 {
		f, err := w.Create(pairs[i])
		if err == nil {
			_, err = f.Write([]byte(pairs[i+1]))
		}
		if err != nil {
			tb.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

// folderOf writes files, name to content, and gives their folder.
func folderOf(tb testing.TB, files map[string]string) string {
	tb.Helper()
	dir := tb.TempDir()
	for name, content := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			tb.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			tb.Fatal(err)
		}
	}
	return dir
}

func open(tb testing.TB, path string) *folder {
	tb.Helper()
	db, err := openFolder(path, defaultLimits)
	if err != nil {
		tb.Fatal(err)
	}
	return db
}

func TestFolderLayouts(t *testing.T) {
	for name, files := range map[string]map[string]string{
		"as the exports are": {"npm/all.zip": string(zipOf(t, "GHSA-npm.json", npmAdvisory)), "PyPI/all.zip": string(zipOf(t, "PYSEC-1.json", pyAdvisory))},
		"unpacked exports":   {"npm/GHSA-npm.json": npmAdvisory, "PyPI/PYSEC-1.json": pyAdvisory},
		"loose records":      {"a.json": npmAdvisory, "b.json": pyAdvisory, "README.md": "no record"},
		"some of each":       {"npm/all.zip": string(zipOf(t, "GHSA-npm.json", npmAdvisory)), "b.json": pyAdvisory, "c.json": npmAdvisory},
		"one zip":            {"osv.zip": string(zipOf(t, "GHSA-npm.json", npmAdvisory, "x/PYSEC-1.json", pyAdvisory, "LICENSE", "text"))},
	} {
		t.Run(name, func(t *testing.T) {
			dir := folderOf(t, files)
			paths := []string{dir}
			if name == "one zip" {
				paths = append(paths, filepath.Join(dir, "osv.zip"))
			}
			for _, path := range paths {
				matches, err := open(t, path).Query(t.Context(), []inventory.Package{npmPackage, pyPackage})
				if err != nil {
					t.Fatal(err)
				}
				got := [][]string{brief(matches[0]), brief(matches[1])}
				if diff := cmp.Diff([][]string{{"GHSA-npm=CVE-2024-1"}, {"PYSEC-1="}}, got); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
			}
		})
	}
}

func TestFolderIsLazy(t *testing.T) {
	db := open(t, folderOf(t, map[string]string{
		"npm/all.zip":  string(zipOf(t, "a.json", npmAdvisory, "b.json", "not JSON", "w.json", strings.Replace(npmAdvisory, `"id":"GHSA-npm"`, `"id":"GHSA-w","withdrawn":"2024-01-01T00:00:00Z"`, 1))),
		"PyPI/all.zip": "not a zip file",
	}))
	if info := db.Info(); len(info.Sources) != 0 {
		t.Errorf("read before it was asked: %+v", info)
	}
	matches, err := db.Query(t.Context(), []inventory.Package{npmPackage})
	if err != nil || matches[0].Err != nil {
		t.Fatal(err, matches[0].Err)
	}
	want := Info{Kind: "folder", Sources: []SourceInfo{{
		Ecosystem: "npm", Date: "2024-05-01T00:00:00Z", Records: 2, Withdrawn: 1, Bad: 1,
		BadNames: []string{"b.json: decoding JSON: invalid character 'o' in literal null (expecting 'u')"},
	}}}
	if diff := cmp.Diff(want, db.Info()); diff != "" {
		t.Errorf("info (-want +got):\n%s", diff)
	}
}

func TestFolderFaults(t *testing.T) {
	good := zipOf(t, "GHSA-npm.json", npmAdvisory, "b.json", strings.Replace(npmAdvisory, "GHSA-npm", "GHSA-two", 1))
	flipped := bytes.Clone(good)
	flipped[60] ^= 0xff
	for name, c := range map[string]struct {
		files map[string]string
		want  string // part of the package's error
	}{
		"a truncated zip":   {map[string]string{"npm/all.zip": string(good[:len(good)-30])}, "fetch it again"},
		"a flipped bit":     {map[string]string{"npm/all.zip": string(flipped)}, "fetch it again"},
		"HTML for a zip":    {map[string]string{"npm/all.zip": "<html>"}, "fetch it again"},
		"another ecosystem": {map[string]string{"PyPI/all.zip": string(good)}, "the database has no advisories for npm"},
		"an empty export":   {map[string]string{"npm/all.zip": string(zipOf(t))}, "the database has no advisories for npm"},
	} {
		t.Run(name, func(t *testing.T) {
			matches, err := open(t, folderOf(t, c.files)).Query(t.Context(), []inventory.Package{npmPackage})
			if err != nil {
				t.Fatal(err)
			}
			if matches[0].Err == nil || !strings.Contains(matches[0].Err.Error(), c.want) {
				t.Errorf("got %v, want %q", matches[0].Err, c.want)
			}
		})
	}
}

func TestFolderLimits(t *testing.T) {
	bomb := `{"id":"T-1","details":"` + strings.Repeat("a", 1<<20) + `"}`
	path := folderOf(t, map[string]string{"npm/all.zip": string(zipOf(t, "a.json", npmAdvisory, "bomb.json", bomb))})
	for name, c := range map[string]struct {
		limits limits
		fatal  bool
		bad    int
	}{
		"a record too large is bad":     {limits{record: 1 << 16, records: 9, total: 1 << 30}, false, 1},
		"too many records are an error": {limits{record: 1 << 22, records: 1, total: 1 << 30}, true, 0},
		"too many bytes are an error":   {limits{record: 1 << 22, records: 9, total: 1 << 16}, true, 0},
		"within the limits all is well": {limits{record: 1 << 22, records: 2, total: 1 << 22}, false, 0},
	} {
		t.Run(name, func(t *testing.T) {
			db, err := openFolder(path, c.limits)
			if err != nil {
				t.Fatal(err)
			}
			matches, err := db.Query(t.Context(), []inventory.Package{npmPackage})
			if err != nil {
				t.Fatal(err)
			}
			if got := errors.Is(matches[0].Err, errLimit); got != c.fatal {
				t.Errorf("error %v", matches[0].Err)
			}
			if !c.fatal && db.Info().Sources[0].Bad != c.bad {
				t.Errorf("info %+v", db.Info())
			}
		})
	}
}

func TestReleases(t *testing.T) {
	db := open(t, folderOf(t, map[string]string{
		"Debian/a.json": debian("DEBIAN-CVE-2024-1", `["CVE-2024-1"]`, "12", "p", "2.0"),
		"Alpine/a.json": `{"id":"T-1","affected":[{"package":{"ecosystem":"Alpine","name":"p"}},{"package":{"ecosystem":"Alpine:v3.19","name":"q"}}]}`,
	}))
	for name, c := range map[string]struct {
		ecosystem, name, version string
		want                     error
	}{
		"a release that is there":            {"Debian:12", "p", "3.0", nil},
		"a release that is not":              {"Debian:14", "p", "3.0", ErrNoData},
		"no release":                         {"Debian", "p", "3.0", ErrNoRelease},
		"no ecosystem":                       {"", "p", "3.0", ErrNoData},
		"a bare record is not the release's": {"Alpine:v3.19", "p", "3.0", nil},
	} {
		t.Run(name, func(t *testing.T) {
			matches, err := db.Query(t.Context(), []inventory.Package{{Ecosystem: c.ecosystem, Name: c.name, Version: c.version}})
			if err != nil {
				t.Fatal(err)
			}
			if !errors.Is(matches[0].Err, c.want) || len(matches[0].Advisories) > 0 {
				t.Errorf("got %v, %v", brief(matches[0]), matches[0].Err)
			}
		})
	}
}

func TestVersionsThatCannotBeCompared(t *testing.T) {
	db := open(t, folderOf(t, map[string]string{"npm/a.json": npmAdvisory}))
	matches, err := db.Query(t.Context(), []inventory.Package{
		{Ecosystem: "npm", Name: "p", Version: "latest"},
		{Ecosystem: "npm", Name: "nobody-warns-of-it", Version: "latest"},
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := errors.AsType[*VersionError](matches[0].Err); !ok {
		t.Errorf("got %v, want a VersionError", matches[0].Err)
	}
	if matches[1].Err != nil {
		t.Errorf("a version that need not be compared is an error: %v", matches[1].Err)
	}
}

func TestEnrichment(t *testing.T) {
	kev := `{"dateReleased":"2025-08-25T17:04:19Z","vulnerabilities":[{"cveID":"CVE-2024-1","dateAdded":"2024-02-01","dueDate":"2024-02-22","knownRansomwareCampaignUse":"Known"}]}`
	for name, c := range map[string]struct {
		files map[string]string
		kev   *KEV
		epss  *EPSS
		err   string
	}{
		"none": {nil, nil, nil, ""},
		"both": {
			map[string]string{"kev.json": kev, "epss.csv": "cve,epss,percentile,date\nCVE-2024-1,0.5,0.9,2026-01-11\n"},
			&KEV{"2024-02-01", "2024-02-22", true}, &EPSS{0.5, 0.9, "2026-01-11"}, "",
		},
		"FIRST's own form": {
			map[string]string{"epss.csv": "#model_version:v2025.03.14,score_date:2026-01-12T12:55:00Z\ncve,epss,percentile\nCVE-2024-1,0.00043,0.1\n"},
			nil, &EPSS{0.00043, 0.1, "2026-01-12"}, "",
		},
		"a catalogue that is none": {map[string]string{"kev.json": `{"message":"404"}`}, nil, nil, "kev.json"},
		"a catalogue that is cut":  {map[string]string{"kev.json": kev[:40]}, nil, nil, "kev.json"},
		"a table that is none":     {map[string]string{"epss.csv": "<html>\n"}, nil, nil, "epss.csv"},
		"a score that is none":     {map[string]string{"epss.csv": "cve,epss,percentile\nCVE-2024-1,7,0\n"}, nil, nil, "no probability"},
	} {
		t.Run(name, func(t *testing.T) {
			files := map[string]string{"npm/a.json": npmAdvisory}
			maps.Copy(files, c.files)
			matches, err := open(t, folderOf(t, files)).Query(t.Context(), []inventory.Package{npmPackage})
			if c.err != "" {
				if err == nil || !strings.Contains(err.Error(), c.err) {
					t.Fatalf("got %v, want %q", err, c.err)
				}
				return
			}
			if err != nil || len(matches[0].Advisories) != 1 {
				t.Fatal(err, matches)
			}
			a := matches[0].Advisories[0]
			if diff := cmp.Diff([]any{c.kev, c.epss}, []any{a.KEV, a.EPSS}); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestKEVDate holds that a list that is there has a date, whatever it says itself.
func TestKEVDate(t *testing.T) {
	for name, c := range map[string]struct{ kev, want string }{
		"none":                 {"", ""},
		"a date of its own":    {`{"dateReleased":"2025-08-25T17:04:19Z","vulnerabilities":[{"cveID":"CVE-1"}]}`, "2025-08-25"},
		"dates of its entries": {`{"vulnerabilities":[{"cveID":"CVE-1","dateAdded":"2024-02-01"},{"cveID":"CVE-2","dateAdded":"2023-02-01"}]}`, "2024-02-01"},
		"no date at all":       {`{"vulnerabilities":[{"cveID":"CVE-1"}]}`, "unknown"},
	} {
		t.Run(name, func(t *testing.T) {
			files := map[string]string{"npm/a.json": npmAdvisory}
			if c.kev != "" {
				files["kev.json"] = c.kev
			}
			db := open(t, folderOf(t, files))
			if _, err := db.Query(t.Context(), []inventory.Package{npmPackage}); err != nil {
				t.Fatal(err)
			}
			if got := db.Info().KEVDate; got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestOpenFolderRefuses(t *testing.T) {
	dir := folderOf(t, map[string]string{"empty/README.md": "", "a.txt": ""})
	for _, path := range []string{filepath.Join(dir, "missing"), filepath.Join(dir, "empty"), filepath.Join(dir, "a.txt")} {
		if _, err := OpenFolder(path); err == nil {
			t.Errorf("%s: no error", path)
		}
	}
}

func TestConcurrentQueries(t *testing.T) {
	db := open(t, folderOf(t, map[string]string{"npm/a.json": npmAdvisory, "b.json": pyAdvisory}))
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			matches, err := db.Query(t.Context(), []inventory.Package{npmPackage, pyPackage})
			if err != nil || len(matches[0].Advisories) != 1 || len(matches[1].Advisories) != 1 {
				t.Error(matches, err)
			}
			db.Info()
		})
	}
	wg.Wait()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := db.Query(ctx, []inventory.Package{npmPackage}); !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled query answers %v", err)
	}
}

// BenchmarkQuery matches a real list of 353 packages: cold it reads the advisories
// of all its ecosystems, warm it only matches.
func BenchmarkQuery(b *testing.B) {
	packages := readInventory(b, filepath.Join(conformance(b, "packages"), "app.inventory.tsv"))
	path := conformance(b, "osv")
	b.Run("cold", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := open(b, path).Query(b.Context(), packages); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("warm", func(b *testing.B) {
		db := open(b, path)
		if _, err := db.Query(b.Context(), packages); err != nil {
			b.Fatal(err)
		}
		b.ReportAllocs()
		for b.Loop() {
			if _, err := db.Query(b.Context(), packages); err != nil {
				b.Fatal(err)
			}
		}
	})
}
