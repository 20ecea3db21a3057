package vulndb

import (
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestListAgesOfABuild holds that the date that a build is given is its lists' too, and
// that without one their own dates count.
func TestListAgesOfABuild(t *testing.T) {
	files := sampleAdvisories(t)
	both := folderOf(t, files)
	delete(files, "kev.json")
	for name, c := range map[string]struct {
		from string
		date time.Time
		want [2]string
	}{
		"with their own dates":          {both, time.Time{}, [2]string{"2025-08-25T00:00:00Z", "2026-01-11T00:00:00Z"}},
		"with the date of the build":    {both, now, [2]string{"2026-11-25T12:00:00Z", "2026-11-25T12:00:00Z"}},
		"a date before that of a list":  {both, time.Date(2025, 9, 1, 0, 0, 0, 0, time.UTC), [2]string{"2025-09-01T00:00:00Z", "2026-01-11T00:00:00Z"}},
		"one of them is not there":      {folderOf(t, files), now, [2]string{"", "2026-11-25T12:00:00Z"}},
		"neither is there":              {folderOf(t, map[string]string{"PyPI/a.json": pyAdvisory}), now, [2]string{}},
		"a list that does not say when": {folderOf(t, map[string]string{"PyPI/a.json": pyAdvisory, "kev.json": `{"vulnerabilities":[{"cveID":"CVE-2024-1"}]}`}), time.Time{}, [2]string{}},
	} {
		t.Run(name, func(t *testing.T) {
			image, err := Build(t.Context(), BuildOptions{From: []string{c.from}, Date: c.date})
			if err != nil {
				t.Fatal(err)
			}
			dir := filepath.Join(t.TempDir(), "db")
			if err := image.Install(dir); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, listAges(t, dir)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	plain := open(t, both)
	ask(t, plain, npmPackage)
	if info := plain.Info(); info.KEVDate != "2025-08-25" || info.KEVAsOf != "" || info.EPSSAsOf != "" {
		t.Errorf("a folder says nothing of when it was fetched: %+v", info)
	}
}

// listAges are those of KEV and EPSS in a database.
func listAges(t *testing.T, dir string) [2]string {
	t.Helper()
	db, err := OpenDatabase(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	info := db.Info()
	if info.KEVAsOf != db.KEVAsOf() || info.EPSSAsOf != db.EPSSAsOf() {
		t.Errorf("the database says %s and %s, its info %s and %s", db.KEVAsOf(), db.EPSSAsOf(), info.KEVAsOf, info.EPSSAsOf)
	}
	return [2]string{info.KEVAsOf, info.EPSSAsOf}
}

// TestListAgesOfUpdates holds that a list is as old as its source's last answer, not as
// what was fetched beside it.
func TestListAgesOfUpdates(t *testing.T) {
	s := newSource(t, exported(t))
	dir := filepath.Join(t.TempDir(), "db")
	u := s.updater(t, dir, "npm")
	run(t, u)
	if diff := cmp.Diff([2]string{"2026-11-25T12:00:00Z", "2026-11-25T12:00:00Z"}, listAges(t, dir)); diff != "" {
		t.Errorf("fetched (-want +got):\n%s", diff)
	}

	s.breakBy(onlyKEV)
	u.Now = func() time.Time { return now.AddDate(0, 0, 2) }
	if _, err := u.Run(t.Context()); err == nil {
		t.Error("no error")
	}
	if diff := cmp.Diff([2]string{"2026-11-25T12:00:00Z", "2026-11-27T12:00:00Z"}, listAges(t, dir)); diff != "" {
		t.Errorf("KEV could not be had (-want +got):\n%s", diff)
	}

	s.breakBy(nil)
	u.Now = func() time.Time { return now.AddDate(0, 0, 3) }
	run(t, u)
	if diff := cmp.Diff([2]string{"2026-11-28T12:00:00Z", "2026-11-28T12:00:00Z"}, listAges(t, dir)); diff != "" {
		t.Errorf("nothing new (-want +got):\n%s", diff)
	}
	db, err := OpenDatabase(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	db.state = nil // as in a change, where nobody's word is taken for it
	if got := db.KEVAsOf(); got != "2026-11-25T12:00:00Z" {
		t.Errorf("by its manifest alone it is of %s", got)
	}
}

// onlyKEV refuses nothing but KEV.
func onlyKEV(w http.ResponseWriter, r *http.Request, _ []byte) bool {
	if !strings.HasPrefix(r.URL.Path, "/kev") {
		return false
	}
	w.WriteHeader(http.StatusForbidden)
	return true
}

// TestOldListsAreFetched holds that KEV and EPSS are fetched where they alone are old,
// once in a run, and that the run says where they could not be.
func TestOldListsAreFetched(t *testing.T) {
	s := newSource(t, exported(t))
	dir := filepath.Join(t.TempDir(), "db")
	u := s.updater(t, dir, "npm")
	run(t, u)
	s.breakBy(onlyKEV)
	u.Now = func() time.Time { return now.AddDate(0, 0, 4) }
	if _, err := u.Run(t.Context()); err == nil {
		t.Fatal("no error")
	}
	k := keeping(u)
	k.Now = func() time.Time { return now.AddDate(0, 0, 6) } // npm is two days old, KEV six
	var told []string
	k.Fetching = func(sources []string) func() {
		told = append(told, sources...)
		return func() {}
	}
	s.asked()
	twice := func() Info {
		t.Helper()
		db := Keep(k)
		defer db.Close()
		for range 2 {
			if got := ask(t, db, npmPackage); len(got[0].Advisories) == 0 || got[0].Err != nil {
				t.Errorf("got %+v", got)
			}
		}
		return db.Info()
	}
	info := twice()
	if len(info.Notes) != 1 || !strings.HasPrefix(info.Notes[0], "KEV could not be brought up to date: ") {
		t.Errorf("notes %q", info.Notes)
	}
	if info.KEVAsOf != "2026-11-25T12:00:00Z" {
		t.Errorf("KEV is of %s", info.KEVAsOf)
	}
	s.breakBy(nil)
	s.asked()
	info = twice()
	if info.KEVAsOf != "2026-12-01T12:00:00Z" || len(info.Notes) > 0 {
		t.Errorf("KEV is of %s, notes %q", info.KEVAsOf, info.Notes)
	}
	for _, line := range s.asked() {
		if !strings.HasPrefix(line, "/kev") && !strings.HasPrefix(line, "/epss") {
			t.Errorf("asked for %s", line)
		}
	}
	if diff := cmp.Diff([]string{"KEV", "KEV"}, told); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
	s.asked()
	if twice(); len(s.asked()) > 0 {
		t.Error("asked for what is young enough")
	}
}
