package vulndb

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/klauspost/compress/zstd"
	"pgregory.net/rapid"

	"github.com/boltseal/boltseal/internal/inventory"
)

// sampleAdvisories have one of everything that a database can hold.
func sampleAdvisories(tb testing.TB) map[string]string {
	tb.Helper()
	long := strings.Repeat("9", 10_000)
	return map[string]string{
		"npm/all.zip": string(zipOf(tb,
			"a.json", npmAdvisory,
			"b.json", `{"id":"GHSA-2345-cfgh-qrwx","modified":"2024-05-02T00:00:00.5Z","published":"2024-01-02T03:04:05Z","aliases":["CVE-2024-1","CVE-2024-0012345"],"summary":"p is bad\nand more","details":"All of it.","severity":[{"type":"CVSS_V3","score":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}],"affected":[{"package":{"ecosystem":"npm","name":"p"},"versions":["1.0.0","`+long+`"],"ranges":[{"type":"SEMVER","events":[{"introduced":"0.5.0"},{"fixed":"0.9.0"},{"introduced":"1.0.0"},{"last_affected":"1.4.0"}]},{"type":"GIT","repo":"r","events":[{"introduced":"0"}]}],"database_specific":{"severity":"HIGH"}},{"package":{"ecosystem":"npm","name":"q"}}],"references":[{"type":"FIX","url":"https://a.example/1"},{"type":"WEB","url":"https://a.example/2"}],"database_specific":{"severity":"MODERATE","cwe_ids":["CWE-79","CWE-20"]}}`,
			"c.json", `{"id":"MAL-2024-7","published":"2024-01-02","affected":[{"package":{"ecosystem":"npm","name":"q"},"versions":["1.0.0"]}]}`,
			"d.json", `{"id":"odd id","aliases":["","x"],"affected":[{"package":{"ecosystem":"npm","name":"q"},"ranges":[{"type":"SEMVER","events":[{"introduced":"!!"}]}]}]}`,
			"e.json", `{"id":"GHSA-w","withdrawn":"2024-01-01T00:00:00Z","affected":[{"package":{"ecosystem":"npm","name":"p"}}]}`,
			"f.json", "no JSON",
			"g.json", "{\"id\":\"T-utf8\",\"affected\":[{\"package\":{\"ecosystem\":\"npm\",\"name\":\"p\"},\"versions\":[\"\xff\xfe\"]}]}",
			"h.json", `{"id":"GIT-1","affected":[{"package":{"ecosystem":"npm","name":"p"},"ranges":[{"type":"GIT","repo":"r","events":[{"introduced":"0"}]}]}]}`,
		)),
		"Debian/all.zip": string(zipOf(tb,
			"a.json", debian("DEBIAN-CVE-2024-1", `["CVE-2024-1"]`, "12", "p", "2.0"),
			"b.json", `{"id":"DSA-1-1","published":"2023-02-03T00:00:00Z","upstream":["CVE-2024-1","CVE-2024-2"],"summary":"p","affected":[{"package":{"ecosystem":"Debian:12","name":"p"},"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"},{"fixed":"1.5"}]}]},{"package":{"ecosystem":"Debian:11","name":"p"},"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"},{"fixed":"1.5"}]}],"ecosystem_specific":{"urgency":"low"}}]}`,
			"c.json", `{"id":"DEBIAN-CVE-2024-3","upstream":["CVE-2024-3"],"affected":[{"package":{"ecosystem":"Debian:12","name":"p"},"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"}]}],"ecosystem_specific":{"urgency":"end-of-life"}},{"package":{"ecosystem":"Debian:11","name":"p"},"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"}]}]},{"package":{"ecosystem":"Debian","name":"p"}}]}`,
		)),
		"Debian:12/all.zip": string(zipOf(tb, "a.json", debian("DEBIAN-CVE-2024-1", `["CVE-2024-1"]`, "12", "p", "2.0"))),
		"Red Hat/a.json":    `{"id":"RHSA-2024:0012","upstream":["CVE-2024-1"],"affected":[{"package":{"ecosystem":"Red Hat:enterprise_linux:9::appstream","name":"p"},"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"},{"fixed":"0:2.0-1.el9"}]}]}]}`,
		"PyPI/a.json":       pyAdvisory,
		"Go/a.json":         `{"id":"GO-2024-0001","withdrawn":"2024-01-01T00:00:00Z","affected":[{"package":{"ecosystem":"Go","name":"p"}}]}`,
		"kev.json":          `{"dateReleased":"2025-08-25T17:04:19Z","vulnerabilities":[{"cveID":"CVE-2024-1","dateAdded":"2024-02-01","dueDate":"2024-02-22","knownRansomwareCampaignUse":"Known"},{"cveID":"CVE-1999-0002","dateAdded":"2024-02-01","dueDate":"","knownRansomwareCampaignUse":"Unknown"}]}`,
		"epss.csv":          "cve,epss,percentile,date\nCVE-2024-1,0.97123,0.99999,2026-01-11\nCVE-2024-2,0.00043,0.1,2026-01-11\nCVE-1999-0002,1,1,2026-01-10\nodd,0.5,0.5,2026-01-11\n",
	}
}

// samplePackages ask for each of them, and for what is not there.
func samplePackages() []inventory.Package {
	var list []inventory.Package
	for _, ecosystem := range []string{"npm", "Debian:12", "Debian:11", "Debian:10", "Debian", "Red Hat:enterprise_linux:9", "Red Hat:enterprise_linux:8", "PyPI", "Go", "Maven", ""} {
		for _, name := range []string{"p", "q", "a", "z", "P"} {
			for _, version := range []string{"", "0.6.0", "1.0.0", "1.4.0", "3.0", "latest"} {
				list = append(list, inventory.Package{Ecosystem: ecosystem, Name: name, Version: version})
			}
		}
	}
	return list
}

func buildFrom(tb testing.TB, from ...string) *Image {
	tb.Helper()
	image, err := Build(tb.Context(), BuildOptions{From: from})
	if err != nil {
		tb.Fatal(err)
	}
	return image
}

// installed builds a database, and opens it.
func installed(tb testing.TB, from ...string) (*Database, string) {
	tb.Helper()
	dir := filepath.Join(tb.TempDir(), "db")
	if err := buildFrom(tb, from...).Install(dir); err != nil {
		tb.Fatal(err)
	}
	db, err := OpenDatabase(dir)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := db.Close(); err != nil {
			tb.Error(err)
		}
	})
	return db, dir
}

// errorText makes errors comparable.
var errorText = cmp.Transformer("error", func(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
})

// compareModes holds a built database to the folder that it is made from.
func compareModes(tb testing.TB, built, plain DB, packages []inventory.Package) (advisories int) {
	tb.Helper()
	want, err := plain.Query(tb.Context(), packages)
	if err != nil {
		tb.Fatal(err)
	}
	got, err := built.Query(tb.Context(), packages)
	if err != nil {
		tb.Fatal(err)
	}
	for i, p := range packages {
		if diff := cmp.Diff(want[i], got[i], errorText, cmpopts.EquateEmpty()); diff != "" {
			tb.Fatalf("%s %s %s (-folder +database):\n%s", p.Ecosystem, p.Name, p.Version, diff)
		}
		advisories += len(got[i].Advisories)
	}
	return advisories
}

func TestDatabaseIsTheFolder(t *testing.T) {
	dir := folderOf(t, sampleAdvisories(t))
	built, path := installed(t, dir)
	plain := open(t, dir)
	if n := compareModes(t, built, plain, samplePackages()); n < 20 {
		t.Errorf("only %d advisories: what is compared here?", n)
	}
	got, want := built.Info(), plain.Info()
	if got.Kind != "database" || got.Built != "2024-06-01T00:00:00Z" {
		t.Errorf("kind %q, built %q", got.Kind, got.Built)
	}
	asOf := got.Built
	got.Kind, got.Built = want.Kind, want.Built
	want.Sources = slices.DeleteFunc(want.Sources, func(s SourceInfo) bool { return s.Records == 0 })
	for i := range want.Sources {
		want.Sources[i].AsOf = asOf // a folder does not say
	}
	want.KEVAsOf, want.EPSSAsOf = "2025-08-25T00:00:00Z", "2026-01-11T00:00:00Z" // nor of these
	want.Digest = got.Digest
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("info (-folder +database):\n%s", diff)
	}
	if err := built.Verify(); err != nil {
		t.Error(err)
	}
	either, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer either.Close()
	if _, ok := either.(*Database); !ok {
		t.Errorf("a database is opened as %T", either)
	}
	if either, err := Open(dir); err != nil {
		t.Error(err)
	} else if _, ok := either.(*folder); !ok {
		t.Errorf("a folder is opened as %T", either)
	}
}

func TestDescribe(t *testing.T) {
	db, _ := installed(t, folderOf(t, sampleAdvisories(t)))
	want := Description{Details: "All of it.", References: []Reference{{"FIX", "https://a.example/1"}, {"WEB", "https://a.example/2"}}}
	for id, want := range map[string]Description{"GHSA-2345-cfgh-qrwx": want, "MAL-2024-7": {}, "A": {}, "ZZZ": {}, "GHSA-w": {}} {
		got, err := db.Describe(id)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", id, diff)
		}
	}
}

// TestSameBytes holds that a database depends on what is in its sources only.
func TestSameBytes(t *testing.T) {
	files := sampleAdvisories(t)
	first, second := buildFrom(t, folderOf(t, files)), buildFrom(t, folderOf(t, files))
	if diff := cmp.Diff(first.Manifest, second.Manifest); diff != "" {
		t.Errorf("manifest (-first +second):\n%s", diff)
	}
	for name, data := range first.files {
		if !bytes.Equal(data, second.files[name]) {
			t.Errorf("%s differs", name)
		}
	}
	dated, err := Build(t.Context(), BuildOptions{From: []string{folderOf(t, files)}, Date: time.Date(2026, 11, 25, 1, 2, 3, 4, time.FixedZone("", 3600))})
	if err != nil || dated.Manifest.Built != "2026-11-25T00:02:03Z" {
		t.Errorf("built %q, error %v", dated.Manifest.Built, err)
	}
}

// TestSources holds that of several sources the newest record counts, and the newest
// list.
func TestSources(t *testing.T) {
	older := strings.Replace(strings.Replace(npmAdvisory, "2024-05", "2023-05", 1), "2.0.0", "9.0.0", 1)
	kev := `{"dateReleased":"%s","vulnerabilities":[{"cveID":"CVE-2024-1","dateAdded":"%[1]s"}]}`
	a := folderOf(t, map[string]string{"npm/a.json": npmAdvisory, "kev.json": fmt.Sprintf(kev, "2024-01-01")})
	b := folderOf(t, map[string]string{"a.json": older, "b.json": pyAdvisory, "kev.json": fmt.Sprintf(kev, "2025-01-01")})
	for _, from := range [][]string{{a, b}, {b, a}} {
		db, _ := installed(t, from...)
		matches, err := db.Query(t.Context(), []inventory.Package{npmPackage, pyPackage})
		if err != nil {
			t.Fatal(err)
		}
		if len(matches[0].Advisories) != 1 || len(matches[1].Advisories) != 1 {
			t.Fatalf("%+v", matches)
		}
		if got := matches[0].Advisories[0]; !slices.Equal(got.Fixed, []string{"2.0.0"}) || got.KEV == nil || got.KEV.Added != "2025-01-01" {
			t.Errorf("fixed %q, KEV %+v", got.Fixed, got.KEV)
		}
	}
}

func TestBuildFaults(t *testing.T) {
	db, path := installed(t, folderOf(t, sampleAdvisories(t)))
	_ = db
	for name, c := range map[string]struct {
		from string
		want string
	}{
		"nothing there":     {filepath.Join(t.TempDir(), "no"), "no such file"},
		"no advisories":     {t.TempDir(), "has neither"},
		"a built database":  {path, "is a built database"},
		"a damaged zip":     {folderOf(t, map[string]string{"npm/all.zip": "PK"}), "fetch it again"},
		"no record":         {folderOf(t, map[string]string{"npm/all.zip": string(zipOf(t))}), "hold no record"},
		"a KEV that's none": {folderOf(t, map[string]string{"npm/a.json": npmAdvisory, "kev.json": "<html>"}), "kev.json"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Build(t.Context(), BuildOptions{From: []string{c.from}})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
}

func TestBuildLimits(t *testing.T) {
	bomb := `{"id":"T-1","details":"` + strings.Repeat("a", 1<<20) + `"}`
	path := folderOf(t, map[string]string{"npm/all.zip": string(zipOf(t, "a.json", npmAdvisory, "bomb.json", bomb))})
	image, err := build(t.Context(), BuildOptions{From: []string{path}}, limits{record: 1 << 16, records: 9, total: 1 << 30})
	if err != nil || image.Manifest.Sources()[0].Bad != 1 || !strings.Contains(image.Manifest.Sources()[0].BadNames[0], "bomb.json") {
		t.Errorf("error %v", err)
	}
	if _, err = build(t.Context(), BuildOptions{From: []string{path}}, limits{record: 1 << 22, records: 9, total: 1 << 16}); !errors.Is(err, errLimit) {
		t.Errorf("error %v, want a limit", err)
	}
}

// TestAnyRecords builds what nobody would write.
func TestAnyRecords(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		files := make(map[string]string)
		for i, r := range rapid.SliceOfN(anyRecord(), 1, 12).Draw(t, "records") {
			data, err := json.Marshal(r)
			if err != nil {
				t.Fatal(err)
			}
			files[fmt.Sprintf("%02d.json", i)] = string(data)
		}
		dir, err := os.MkdirTemp("", "any") //nolint:usetesting // one for each draw
		if err != nil {
			t.Fatal(err)
		}
		defer os.RemoveAll(dir)
		for name, content := range files {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		plain, err := openFolder(dir, defaultLimits)
		if err != nil {
			t.Fatal(err)
		}
		image, err := Build(t.Context(), BuildOptions{From: []string{dir}})
		if err != nil {
			return // no package in any of them
		}
		want, err := plain.Query(t.Context(), samplePackages())
		if err != nil {
			t.Fatal(err)
		}
		db := opened(t, image)
		got, err := db.Query(t.Context(), samplePackages())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got, cmpopts.EquateEmpty(), errorText); diff != "" {
			t.Fatalf("%v\n(-folder +database):\n%s", files, diff)
		}
	})
}

type fataler interface {
	Helper()
	Fatal(args ...any)
}

// opened opens a database that lies in memory.
func opened(t fataler, image *Image) *Database {
	t.Helper()
	matches, err := openMatches(image.files[image.Manifest.Parts[0].Matches.Name])
	if err != nil {
		t.Fatal(err)
	}
	extras, err := openExtras(image.files[image.Manifest.Extras.Name])
	if err != nil {
		t.Fatal(err)
	}
	return &Database{
		files: dirFiles(""), manifest: image.Manifest, extras: extras, families: make(map[string]func() (*familyFile, error)),
		parts: []*openPart{{Part: &image.Manifest.Parts[0], matches: matches, texts: func() (*blockFile, error) {
			return openBlocks(image.files[image.Manifest.Parts[0].Texts.Name], kindTexts)
		}}},
	}
}

func anyRecord() *rapid.Generator[map[string]any] {
	version := rapid.SampledFrom([]string{"0", "0.5.0", "1.0.0", "1.0", "1.4.0", "2.0.0", "9", "v1", "", "!!"})
	id := rapid.SampledFrom([]string{"CVE-2024-1", "CVE-2024-0001", "CVE-2024-12345", "GHSA-2345-cfgh-qrwx", "GHSA-abcd-efgh-ijkl", "DEBIAN-CVE-2024-1", "RHSA-2024:0012", "PYSEC-2024-7", "MAL-2024-1", "x", "*", "CVE-0024-*-1"})
	event := rapid.Custom(func(t *rapid.T) map[string]string {
		return map[string]string{rapid.SampledFrom([]string{"introduced", "fixed", "last_affected", "limit"}).Draw(t, "kind"): version.Draw(t, "version")}
	})
	affected := rapid.Custom(func(t *rapid.T) map[string]any {
		a := map[string]any{"package": map[string]string{
			"ecosystem": rapid.SampledFrom([]string{"npm", "Debian:12", "Debian:11", "Debian", "Red Hat:enterprise_linux:9::appstream", "PyPI", "Go"}).Draw(t, "ecosystem"),
			"name":      rapid.SampledFrom([]string{"p", "q", "P"}).Draw(t, "name"),
		}}
		if rapid.Bool().Draw(t, "ranged") {
			a["ranges"] = []any{map[string]any{"type": rapid.SampledFrom([]string{"SEMVER", "ECOSYSTEM", "GIT"}).Draw(t, "type"), "events": rapid.SliceOfN(event, 0, 4).Draw(t, "events")}}
		}
		if rapid.Bool().Draw(t, "listed") {
			a["versions"] = rapid.SliceOfN(version, 0, 6).Draw(t, "versions")
		}
		if rapid.Bool().Draw(t, "rated") {
			a["database_specific"] = map[string]any{"severity": rapid.SampledFrom([]string{"HIGH", "low", "?"}).Draw(t, "severity"), "cvss": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}
		}
		return a
	})
	return rapid.Custom(func(t *rapid.T) map[string]any {
		return map[string]any{
			"id":                id.Draw(t, "id"),
			"modified":          rapid.SampledFrom([]string{"", "2024-01-01T00:00:00Z", "2024-02-01T00:00:00Z"}).Draw(t, "modified"),
			"published":         rapid.SampledFrom([]string{"", "2024-01-01", "2024-01-01T00:00:00Z", "1969-01-01T00:00:00Z", "2024-01-01T10:20:30Z", "2024-01-01T10:20:30.5Z", "no date at all"}).Draw(t, "published"),
			"aliases":           rapid.SliceOfN(id, 0, 3).Draw(t, "aliases"),
			"upstream":          rapid.SliceOfN(id, 0, 3).Draw(t, "upstream"),
			"summary":           rapid.SampledFrom([]string{"", "a", "b", strings.Repeat("c", 400)}).Draw(t, "summary"),
			"affected":          rapid.SliceOfN(affected, 1, 4).Draw(t, "affected"),
			"database_specific": map[string]any{"cwe_ids": rapid.SliceOfN(rapid.SampledFrom([]string{"CWE-1", "CWE-79", "x"}), 0, 3).Draw(t, "cwes")},
		}
	})
}

// TestDatabaseOfConformance holds the database to the folder on all package lists,
// and on a sample of all packages that anything is known of.
func TestDatabaseOfConformance(t *testing.T) {
	if testing.Short() {
		t.Skip("building a database of 100 MB of advisories takes most of a minute under the race detector: run without -short")
	}
	lists := conformance(t, "packages")
	osv := conformance(t, "osv")
	built, _ := installed(t, osv)
	plain := open(t, osv)
	paths, err := filepath.Glob(filepath.Join(lists, "*.inventory.tsv"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no package lists: %v", err)
	}
	for _, path := range paths {
		n := compareModes(t, built, plain, readInventory(t, path))
		t.Logf("%s: %d advisories", filepath.Base(path), n)
	}
	n := compareModes(t, built, plain, knownPackages(t, built, 1500))
	t.Logf("sample: %d advisories", n)
	m := built.Manifest()
	t.Logf("%d bytes to match with, %d of texts, %d of KEV and EPSS", m.Parts[0].Matches.Size, m.Parts[0].Texts.Size, m.Extras.Size)
	if m.Parts[0].Matches.Size > 8_000_000 || m.Parts[0].Texts.Size > 25_000_000 {
		t.Errorf("%d bytes to match with, want at most 8,000,000; %d of texts, want at most 25,000,000", m.Parts[0].Matches.Size, m.Parts[0].Texts.Size)
	}
}

// families are the families that there is anything of, sorted.
func (m *matchFile) families() []string {
	var names []string
	for name := range m.sections {
		if family, ok := strings.CutPrefix(name, "f/"); ok {
			names = append(names, family)
		}
	}
	slices.Sort(names)
	return names
}

// knownPackages are packages that the database knows, with versions that its
// records name.
func knownPackages(tb testing.TB, db *Database, n int) []inventory.Package {
	tb.Helper()
	var all []inventory.Package
	for _, family := range db.parts[0].matches.families() {
		f, err := db.family(family)
		if err != nil {
			tb.Fatal(err)
		}
		for block := range f.packages.blocks {
			data, err := f.packages.block(block, nil)
			if err != nil {
				tb.Fatal(err)
			}
			r := &reader{data: data}
			name := ""
			for r.left() > 0 {
				name = r.after(name)
				body := &reader{data: r.bytes(r.count())}
				release := f.releases[len(all)%len(f.releases)]
				entries, _ := f.entries(body, name, release, &madeEntries{})
				all = append(all, inventory.Package{Ecosystem: strings.TrimSuffix(family+":"+release, ":"), Name: strings.Clone(name), Version: someVersion(entries)})
			}
		}
	}
	random := rand.New(rand.NewPCG(1, 2))
	random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all[:min(n, len(all))]
}

func someVersion(entries []entry) string {
	for _, e := range entries {
		for _, r := range e.ranges {
			for _, event := range r.events {
				if event.version != "0" {
					return event.version
				}
			}
		}
	}
	return "1.0.0"
}

// BenchmarkDatabase measures what the figures of the database are about: opening it
// and looking up a thousand packages that it knows, each time anew.
func BenchmarkDatabase(b *testing.B) {
	db, dir := installed(b, conformance(b, "osv"))
	app := readInventory(b, filepath.Join(conformance(b, "packages"), "app.inventory.tsv"))
	known := knownPackages(b, db, 1000)
	for _, c := range []struct {
		name string
		run  func(db *Database) error
	}{
		{"open", func(*Database) error { return nil }},
		{"look up 1000", func(db *Database) error { return lookUp(db, known) }},
		{"match 1000", func(db *Database) error { _, err := db.Query(b.Context(), known); return err }},
		{"match app", func(db *Database) error { _, err := db.Query(b.Context(), app); return err }},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				db, err := OpenDatabase(dir)
				if err == nil {
					err = errors.Join(c.run(db), db.Close())
				}
				if err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// lookUp reads what is said of packages, without comparing versions.
func lookUp(db *Database, packages []inventory.Package) error {
	made := &madeEntries{}
	for _, i := range fileOrder(packages) {
		p := packages[i]
		f, err := db.family(inventory.Family(p.Ecosystem))
		if err != nil {
			return err
		}
		if _, err := f.find(p.Name, inventory.Release(p.Ecosystem), made); err != nil {
			return err
		}
	}
	return nil
}

// BenchmarkBuild measures a build.
func BenchmarkBuild(b *testing.B) {
	osv := conformance(b, "osv")
	b.ReportAllocs()
	for b.Loop() {
		image := buildFrom(b, osv)
		b.ReportMetric(float64(image.Manifest.Parts[0].Matches.Size), "match-bytes")
		b.ReportMetric(float64(image.Manifest.Parts[0].Texts.Size), "text-bytes")
		b.ReportMetric(float64(image.Manifest.Extras.Size), "extra-bytes")
	}
}

func sortedNames[T any](m map[string]T) []string { return slices.Sorted(maps.Keys(m)) }

// TestLargeRecord holds that a record of 100 MB costs the others nothing.
func TestLargeRecord(t *testing.T) {
	if testing.Short() {
		t.Skip("packing 100 MB takes a while: run without -short")
	}
	huge := `{"id":"T-1","details":"` + strings.Repeat("a", 100<<20) + `","affected":[{"package":{"ecosystem":"npm","name":"p"}}]}`
	dir := folderOf(t, map[string]string{"npm/all.zip": string(zipOf(t, "a.json", npmAdvisory, "huge.json", huge)), "npm/huge.json": huge})
	image := buildFrom(t, dir)
	s := image.Manifest.Sources()[0]
	if s.Records != 1 || s.Bad != 2 || !strings.Contains(s.BadNames[0], "limit exceeded") {
		t.Errorf("%+v", s)
	}
}

func TestOpenPinned(t *testing.T) {
	from := folderOf(t, sampleAdvisories(t))
	db, dir := installed(t, from)
	pins := []string{"sha256:" + strings.Repeat("0", 64), db.Digest()}
	matches := filepath.Join(dir, db.manifest.Parts[0].Matches.Name)
	again, err := OpenPinned(dir, pins)
	if err != nil {
		t.Fatal(err)
	}
	if err := again.Close(); err != nil {
		t.Error(err)
	}
	for what, path := range map[string]string{"another database": dir, "a folder of advisories": from} {
		if _, err := OpenPinned(path, pins[:1]); !errors.Is(err, ErrNotPinned) {
			t.Errorf("%s: %v", what, err)
		}
	}
	data, err := os.ReadFile(matches)
	if err != nil {
		t.Fatal(err)
	}
	data[len(data)/2] ^= 1
	if err := os.WriteFile(matches, data, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenPinned(dir, pins); !errors.Is(err, errDamaged) {
		t.Errorf("a file that is not the one that the manifest lists: %v", err)
	}
}

// TestManyAsk holds that several may ask at once, though blocks share memory, and that
// answers stay what they are when other blocks are read.
func TestManyAsk(t *testing.T) {
	db, _ := installed(t, folderOf(t, sampleAdvisories(t)))
	ask := func() []Match {
		matches, err := db.Query(t.Context(), samplePackages())
		if err != nil {
			t.Error(err)
		}
		return matches
	}
	want := ask()
	whole := fmt.Sprintf("%+v", want)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 5 {
				if diff := cmp.Diff(want, ask(), errorText); diff != "" {
					t.Errorf("(-alone +with others):\n%s", diff)
					return
				}
				if d, err := db.Describe("GHSA-2345-cfgh-qrwx"); err != nil || d.Details != "All of it." {
					t.Errorf("description %+v, %v", d, err)
				}
			}
		})
	}
	wg.Wait()
	if got := fmt.Sprintf("%+v", want); got != whole {
		t.Errorf("what was answered has changed:\n%s\nwas\n%s", got, whole)
	}
}

// TestBlocksShareMemory holds that of the blocks of a file a few are kept, and the memory
// of others is used again.
func TestBlocksShareMemory(t *testing.T) {
	w, err := newFileWriter(kindTexts, zstd.SpeedFastest)
	if err != nil {
		t.Fatal(err)
	}
	const blocks = 5 * maxRecent
	s := w.section("s")
	for n := range blocks {
		s.block("", bytes.Repeat([]byte{byte(n)}, 100+n))
	}
	f, err := openBlocks(w.bytes(0), kindTexts)
	if err != nil {
		t.Fatal(err)
	}
	defer f.close()
	memory := make(map[*byte]bool)
	for round := range 3 {
		for i := range blocks {
			n := i
			if round == 1 {
				n = blocks - 1 - i
			}
			err := f.section("s").read(n, func(k *kept) error {
				memory[&k.data[0]] = true
				if want := bytes.Repeat([]byte{byte(n)}, 100+n); !bytes.Equal(k.data, want) {
					t.Errorf("block %d is % x", n, k.data)
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	if len(memory) > maxRecent {
		t.Errorf("%d blocks lay in %d places, want at most %d", blocks, len(memory), maxRecent)
	}
	if err := f.section("s").read(blocks, func(*kept) error { return nil }); !errors.Is(err, errDamaged) {
		t.Errorf("a block that is not there: %v", err)
	}
}

// TestDamagedBlockHarmsNoOther holds that the memory into which a block could not be
// unpacked is no other block's any more.
func TestDamagedBlockHarmsNoOther(t *testing.T) {
	w, err := newFileWriter(kindTexts, zstd.SpeedFastest)
	if err != nil {
		t.Fatal(err)
	}
	s := w.section("s")
	for n := range maxRecent {
		s.block("", bytes.Repeat([]byte{byte(n)}, 100))
	}
	s.block("", bytes.Repeat([]byte("x"), 100))
	s.blocks[maxRecent].size++ // found when it has been unpacked
	f, err := openBlocks(w.bytes(0), kindTexts)
	if err != nil {
		t.Fatal(err)
	}
	defer f.close()
	read := func(n int) {
		t.Helper()
		err := f.section("s").read(n, func(k *kept) error {
			if k.data[0] != byte(n) {
				t.Errorf("block %d is % x", n, k.data)
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	}
	for n := range maxRecent {
		read(n)
	}
	for range 2 {
		if err := f.section("s").read(maxRecent, func(*kept) error { return nil }); !errors.Is(err, errDamaged) {
			t.Errorf("a damaged block: %v", err)
		}
	}
	for n := range maxRecent {
		read(n)
	}
}
