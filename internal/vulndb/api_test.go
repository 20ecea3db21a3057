package vulndb

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/boltseal/boltseal/internal/inventory"
	"github.com/boltseal/boltseal/internal/web"
)

// fakeAPI answers as OSV's API does, from the records of a folder: by name, bare
// ecosystem or release, and version as its own comparison sees it, in pages.
type fakeAPI struct {
	*httptest.Server
	t       testing.TB
	raw     map[string][]func() []byte // records by id
	named   map[string][]entry
	perPage int
	// patience is how long the API may be silent.
	patience time.Duration

	mu       sync.Mutex
	requests []string
	refuse   string // a package for which a whole request is refused
	fault    func(w http.ResponseWriter, r *http.Request) bool
}

func newFakeAPI(t testing.TB, dir string, families ...string) *fakeAPI {
	t.Helper()
	f := &fakeAPI{t: t, raw: make(map[string][]func() []byte), named: make(map[string][]entry), perPage: 3, patience: time.Minute}
	plain := must(openFolder(dir, defaultLimits))
	if len(families) == 0 {
		families = slices.Collect(maps.Keys(plain.families))
	}
	for _, family := range families {
		records, _, err := plain.records(family)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range latest(records) {
			if r.withdrawn || r.dropped {
				continue
			}
			for i := range r.affected {
				a := &r.affected[i]
				if inventory.Family(a.ecosystem) == family {
					key := family + " " + a.name
					f.named[key] = append(f.named[key], entry{a, r})
				}
			}
		}
	}
	f.load(dir, families)
	f.Server = httptest.NewServer(f)
	t.Cleanup(f.Close)
	return f
}

// load finds the records as they are written, in files that are called by their ids.
func (f *fakeAPI) load(dir string, families []string) {
	add := func(id string, read func() []byte) { f.raw[id] = append(f.raw[id], read) }
	for _, family := range families {
		entries := must(os.ReadDir(filepath.Join(dir, family)))
		for _, e := range entries {
			path := filepath.Join(dir, family, e.Name())
			if filepath.Ext(path) == ".zip" {
				eachMember(f.t, path, add)
				continue
			}
			data := must(os.ReadFile(path))
			add(idIn(data), func() []byte { return data })
		}
	}
}

func idIn(data []byte) string {
	var r struct{ ID string }
	_ = json.Unmarshal(data, &r)
	return r.ID
}

// record is the one record that the API has for an id. Where the exports of two
// ecosystems have two of them, it becomes one about both.
func (f *fakeAPI) record(id string) []byte {
	reads := f.raw[id]
	if len(reads) == 1 {
		return reads[0]()
	}
	newest := make(map[string]map[string]any) // by family
	for _, read := range reads {
		var r map[string]any
		if err := json.Unmarshal(read(), &r); err != nil {
			f.t.Error(err)
		}
		modified, _ := r["modified"].(string)
		byFamily := make(map[string][]any)
		affected, _ := r["affected"].([]any)
		for _, a := range affected {
			pkg, _ := a.(map[string]any)["package"].(map[string]any)
			ecosystem, _ := pkg["ecosystem"].(string)
			byFamily[inventory.Family(ecosystem)] = append(byFamily[inventory.Family(ecosystem)], a)
		}
		for family, list := range byFamily {
			one := maps.Clone(r)
			one["affected"] = list
			if before, _ := newest[family]["modified"].(string); newest[family] == nil || before < modified {
				newest[family] = one
			}
		}
	}
	var one map[string]any
	var affected []any
	for _, family := range slices.Sorted(maps.Keys(newest)) {
		if one == nil {
			one = newest[family]
		}
		affected = append(affected, newest[family]["affected"].([]any)...)
	}
	one["affected"] = affected
	return must(json.Marshal(one))
}

func (f *fakeAPI) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	f.requests = append(f.requests, r.Method+" "+r.URL.Path)
	fault := f.fault
	f.mu.Unlock()
	if fault != nil && fault(w, r) {
		return
	}
	if id, ok := strings.CutPrefix(r.URL.Path, "/v1/vulns/"); ok {
		if f.raw[id] == nil {
			http.NotFound(w, r)
			return
		}
		_, _ = w.Write(f.record(id))
		return
	}
	var asked struct{ Queries []apiQuery }
	if err := json.NewDecoder(r.Body).Decode(&asked); err != nil || len(asked.Queries) > 1000 {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	results := make([]map[string]any, len(asked.Queries))
	for i, q := range asked.Queries {
		if !IsEcosystem(inventory.Family(q.Package.Ecosystem)) || q.Package.Name == f.refuse {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		results[i] = f.result(q)
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"results": results})
}

func (f *fakeAPI) result(q apiQuery) map[string]any {
	family := inventory.Family(q.Package.Ecosystem)
	var c *comparator
	if q.Version != "" {
		c, _ = newComparator(family, q.Version)
	}
	var ids []string
	for _, e := range f.named[family+" "+q.Package.Name] {
		if family != q.Package.Ecosystem && e.ecosystem != q.Package.Ecosystem {
			continue
		}
		if in, _ := e.contains(c); in || q.Version == "" {
			ids = append(ids, e.record.id)
		}
	}
	slices.Sort(ids)
	ids = slices.Compact(ids)
	from, _ := strconv.Atoi(q.Page)
	to := min(len(ids), from+f.perPage)
	vulns := []map[string]string{}
	for _, id := range ids[min(from, to):to] {
		vulns = append(vulns, map[string]string{"id": id, "modified": "2024-01-01T00:00:00Z"})
	}
	out := map[string]any{}
	if len(vulns) > 0 { // the API leaves out what is empty
		out["vulns"] = vulns
	}
	if to < len(ids) {
		out["next_page_token"] = strconv.Itoa(to)
	}
	return out
}

func (f *fakeAPI) open(extras string) DB {
	o := APIOptions{Base: f.URL, NoExtras: extras == "", Web: web.Options{Stall: f.patience, Wait: hasty.Wait}, Now: func() time.Time { return now }}
	if extras != "" {
		o.KEV, o.EPSS = extras+"/kev.json", extras+"/epss.csv"
	}
	return must(OpenAPI(o))
}

// TestAPIIsTheFolder holds that the API's answers are those of its data.
func TestAPIIsTheFolder(t *testing.T) {
	files := sampleAdvisories(t)
	delete(files, "Debian:12/all.zip") // a second export of the same record
	dir := folderOf(t, files)
	f := newFakeAPI(t, dir)
	s := newSource(t, exported(t))
	db := f.open(s.URL)
	defer db.Close()
	packages := slices.DeleteFunc(samplePackages(), func(p inventory.Package) bool { return p.Ecosystem == "Maven" || p.Ecosystem == "" })
	if n := compareModes(t, db, open(t, dir), packages); n < 20 {
		t.Errorf("only %d advisories", n)
	}
	info := db.Info()
	if info.KEVAsOf != "2026-11-25T12:00:00Z" || info.EPSSAsOf != "2026-11-25T12:00:00Z" {
		t.Errorf("KEV as of %s, EPSS as of %s", info.KEVAsOf, info.EPSSAsOf)
	}
	if info.Kind != "api" || info.KEVDate != "2025-08-25" || info.Sources[0].AsOf != "2026-11-25T12:00:00Z" {
		t.Errorf("info %+v", info)
	}
	d, err := db.(*api).Describe("GHSA-2345-cfgh-qrwx")
	if err != nil || d.Details != "All of it." || len(d.References) != 2 || d.References[1].URL != "https://a.example/2" {
		t.Errorf("description %+v, %v", d, err)
	}
	f.requests = nil
	compareModes(t, db, open(t, dir), packages[:30])
	for _, r := range f.requests {
		if strings.Contains(r, "/vulns/") {
			t.Errorf("fetched again: %s", r)
		}
	}
}

// TestAPIOfConformance compares on the real lists.
func TestAPIOfConformance(t *testing.T) {
	if testing.Short() {
		t.Skip("reading 100 MB of advisories takes most of a minute under the race detector: run without -short")
	}
	lists := conformance(t, "packages")
	osv := conformance(t, "osv")
	plain := must(openFolder(osv, defaultLimits))
	f := newFakeAPI(t, osv, "Alpine", "Debian", "Go", "Maven", "PyPI", "npm")
	f.perPage, f.patience = 100, time.Minute
	for _, list := range []string{"app", "alpine"} {
		asked := f.open("")
		packages := readInventory(t, filepath.Join(lists, list+".inventory.tsv"))
		want, err := plain.Query(t.Context(), packages)
		if err != nil {
			t.Fatal(err)
		}
		got, err := asked.Query(t.Context(), packages)
		if err != nil {
			t.Fatal(err)
		}
		found := 0
		for i := range want {
			for n := range want[i].Advisories {
				want[i].Advisories[n].KEV, want[i].Advisories[n].EPSS = nil, nil
			}
			found += len(got[i].Advisories)
			if diff := cmp.Diff(want[i], got[i], errorText, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("%s: %+v (-folder +API):\n%s", list, packages[i], diff)
			}
		}
		t.Logf("%s: %d advisories by %d requests", list, found, len(f.requests))
		f.requests = nil
		asked.Close()
	}
}

func TestAPIFaults(t *testing.T) {
	dir := folderOf(t, map[string]string{"npm/a.json": npmAdvisory, "PyPI/a.json": pyAdvisory, "Debian/a.json": debian("DEBIAN-CVE-2024-1", `["CVE-2024-1"]`, "12", "p", "2.0")})
	plainAnswer := func(text string) func(w http.ResponseWriter, r *http.Request) bool {
		return func(w http.ResponseWriter, _ *http.Request) bool {
			_, _ = w.Write([]byte(text))
			return true
		}
	}
	for name, c := range map[string]struct {
		fault func(w http.ResponseWriter, r *http.Request) bool
		want  string
	}{
		"a web page": {func(w http.ResponseWriter, _ *http.Request) bool {
			w.Header().Set("Content-Type", "text/html")
			return true
		}, "web page"},
		"nonsense":          {plainAnswer("{"), "no answer that OSV's API gives"},
		"too few answers":   {plainAnswer(`{"results":[]}`), "no answer that OSV's API gives"},
		"no id":             {plainAnswer(`{"results":[{"vulns":[{"id":"../x"}]}]}`), `"../x" is no id`},
		"pages without end": {plainAnswer(`{"results":[{"next_page_token":"x"}]}`), "the same page again"},
		"always busy":       {func(w http.ResponseWriter, _ *http.Request) bool { w.WriteHeader(503); return true }, "answers 503 Service Unavailable, 5 times"},
		"leads elsewhere": {func(w http.ResponseWriter, r *http.Request) bool {
			http.Redirect(w, r, "https://x.example/", http.StatusFound)
			return true
		}, "another host"},
		"a record is missing": {func(w http.ResponseWriter, r *http.Request) bool {
			if !strings.Contains(r.URL.Path, "vulns") {
				return false
			}
			w.WriteHeader(404)
			return true
		}, "record GHSA-npm: "},
		"another record": {func(w http.ResponseWriter, r *http.Request) bool {
			if !strings.Contains(r.URL.Path, "vulns") {
				return false
			}
			fmt.Fprint(w, pyAdvisory)
			return true
		}, "gives another one"},
		"a record of 100 MB": {func(w http.ResponseWriter, r *http.Request) bool {
			if !strings.Contains(r.URL.Path, "vulns") {
				return false
			}
			b := make([]byte, 1<<20)
			for range 33 {
				w.Write(b)
			}
			return true
		}, "limit exceeded"},
		"falls silent": {func(_ http.ResponseWriter, r *http.Request) bool {
			_, _ = io.Copy(io.Discard, r.Body) // only then the server sees that nobody waits
			<-r.Context().Done()
			return true
		}, "nothing came from it"},
		"wants credentials": {func(w http.ResponseWriter, _ *http.Request) bool { w.WriteHeader(403); return true }, "wants credentials"},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFakeAPI(t, dir)
			f.fault = c.fault
			if name == "falls silent" {
				f.patience = 100 * time.Millisecond
			}
			db := f.open("")
			defer db.Close()
			got, err := db.Query(t.Context(), []inventory.Package{npmPackage})
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("got %+v, %v, want %q", got, err, c.want)
			}
		})
	}
	t.Run("one query is refused", func(t *testing.T) {
		f := newFakeAPI(t, dir)
		f.refuse = "odd"
		db := f.open("")
		defer db.Close()
		got, err := db.Query(t.Context(), []inventory.Package{npmPackage, {Ecosystem: "npm", Name: "odd", Version: "1.0.0"}, pyPackage})
		if err != nil || got[0].Err != nil || len(got[0].Advisories) != 1 || got[2].Err != nil || got[1].Err == nil || !strings.Contains(got[1].Err.Error(), "400 Bad Request") {
			t.Errorf("got %+v, %v", got, err)
		}
	})
	t.Run("a release of which there is nothing", func(t *testing.T) {
		f := newFakeAPI(t, dir)
		db := f.open("")
		defer db.Close()
		got, err := db.Query(t.Context(), []inventory.Package{{Ecosystem: "Debian:12", Name: "p", Version: "1.0"}, {Ecosystem: "Debian:99", Name: "p", Version: "1.0"}})
		if err != nil || got[0].Err != nil || len(got[0].Advisories) != 1 || got[1].Err == nil || got[1].Err.Error() != "the database has no advisories for Debian:99" {
			t.Errorf("got %+v, %v", got, err)
		}
	})
	t.Run("a record that cannot be read", func(t *testing.T) {
		f := newFakeAPI(t, dir)
		f.raw["GHSA-npm"] = []func() []byte{func() []byte { return []byte("{") }}
		db := f.open("")
		defer db.Close()
		got, err := db.Query(t.Context(), []inventory.Package{npmPackage})
		if err != nil || len(got[0].Advisories) != 0 || len(db.Info().Notes) != 1 || !strings.Contains(db.Info().Notes[0], "1 records could not be read in whole: GHSA-npm") {
			t.Errorf("got %+v, %v, notes %q", got, err, db.Info().Notes)
		}
		if got[0].Err == nil || !strings.Contains(got[0].Err.Error(), "record GHSA-npm cannot be read") {
			t.Errorf("the package passes: %v", got[0].Err)
		}
	})
	t.Run("more than a request takes", func(t *testing.T) {
		f := newFakeAPI(t, dir)
		db := f.open("")
		defer db.Close()
		packages := []inventory.Package{npmPackage}
		for i := range 2500 {
			packages = append(packages, inventory.Package{Ecosystem: "npm", Name: fmt.Sprint("n", i), Version: "1.0.0"})
		}
		got, err := db.Query(t.Context(), packages)
		if err != nil || len(got[0].Advisories) != 1 {
			t.Errorf("got %+v, %v", got[0], err)
		}
		if n := len(f.requests); n != 4 {
			t.Errorf("%d requests, want three batches and a record", n)
		}
	})
	t.Run("KEV is not to be had", func(t *testing.T) {
		f := newFakeAPI(t, dir)
		s := newSource(t, nil)
		db := f.open(s.URL)
		defer db.Close()
		if _, err := db.Query(t.Context(), []inventory.Package{npmPackage}); err != nil {
			t.Error(err)
		}
		if notes := db.Info().Notes; len(notes) != 2 || !strings.Contains(notes[0], "KEV could not be fetched") {
			t.Errorf("notes %q", notes)
		}
	})
}
