package vulndb

import (
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/boltseal/boltseal/internal/inventory"
)

// keeping is how a source's database is kept in a folder.
func keeping(u *Updater) Keeping {
	return Keeping{
		Updater: *u, MaxAge: 5 * 24 * time.Hour,
		Advice: func(families []string) string { return "boltseal db update --ecosystem " + strings.Join(families, ",") },
	}
}

func ask(t *testing.T, db DB, packages ...inventory.Package) []Match {
	t.Helper()
	matches, err := db.Query(t.Context(), packages)
	if err != nil {
		t.Fatal(err)
	}
	return matches
}

func TestFirstUse(t *testing.T) {
	s := newSource(t, exported(t))
	dir := filepath.Join(t.TempDir(), "db")
	k := keeping(s.updater(t, dir))
	var told []string
	k.Fetching = func(sources []string) func() {
		told = append(told, strings.Join(sources, "+"))
		return func() {}
	}
	db := Keep(k)
	if asked := s.asked(); len(asked) > 0 {
		t.Errorf("asked before it is needed: %q", asked)
	}
	debian := inventory.Package{Ecosystem: "Debian:12", Name: "p", Version: "1.0"}
	odd := inventory.Package{Ecosystem: "../../x", Name: "p", Version: "1.0"}
	for range 2 {
		got := ask(t, db, npmPackage, debian, odd)
		if len(got[0].Advisories) == 0 || got[0].Err != nil || len(got[1].Advisories) == 0 || !errors.Is(got[2].Err, ErrNoData) {
			t.Errorf("got %+v", got)
		}
	}
	if got := ask(t, db, pyPackage); len(got[0].Advisories) != 1 {
		t.Errorf("a target with another ecosystem: %+v", got)
	}
	if len(told) != 2 || told[0] != "Debian+npm" || told[1] != "PyPI" {
		t.Errorf("told %q", told)
	}
	for _, line := range s.asked() {
		if !strings.HasPrefix(line, "/npm/") && !strings.HasPrefix(line, "/Debian/") && !strings.HasPrefix(line, "/PyPI/") && !strings.HasPrefix(line, "/kev") && !strings.HasPrefix(line, "/epss") {
			t.Errorf("asked for %s", line)
		}
	}
	if info := db.Info(); len(info.Sources) != 3 || info.Sources[0].AsOf != "2026-11-25T12:00:00Z" || len(info.Notes) != 0 {
		t.Errorf("info %+v", info)
	}
	if err := db.Close(); err != nil {
		t.Error(err)
	}

	t.Run("young enough", func(t *testing.T) {
		k.Now = func() time.Time { return now.AddDate(0, 0, 4) }
		db := Keep(k)
		defer db.Close()
		ask(t, db, npmPackage)
		if asked := s.asked(); len(asked) > 0 {
			t.Errorf("asked for %q", asked)
		}
	})
	t.Run("too old and nothing new", func(t *testing.T) {
		k.Now = func() time.Time { return now.AddDate(0, 0, 6) }
		db := Keep(k)
		defer db.Close()
		ask(t, db, npmPackage)
		asked := s.asked()
		if len(asked) != 3 || !strings.HasPrefix(asked[0], "/npm/all.zip \"") {
			t.Errorf("asked for %q", asked)
		}
		if got := db.Info().Sources[0].AsOf; got != "2026-12-01T12:00:00Z" {
			t.Errorf("as of %s", got)
		}
	})
	t.Run("too old and the source is down", func(t *testing.T) {
		k.Now = func() time.Time { return now.AddDate(0, 0, 60) }
		s.breakBy(faults["refused"].fault)
		defer s.breakBy(nil)
		db := Keep(k)
		defer db.Close()
		if got := ask(t, db, npmPackage, pyPackage); len(got[0].Advisories) == 0 || got[0].Err != nil {
			t.Errorf("got %+v", got)
		}
		if notes := db.Info().Notes; len(notes) != 1 || !strings.Contains(notes[0], "could not be brought up to date (PyPI, npm)") {
			t.Errorf("notes %q", notes)
		}
	})
	t.Run("offline", func(t *testing.T) {
		s.asked()
		k.Offline, k.Now = true, func() time.Time { return now.AddDate(1, 0, 0) }
		db := Keep(k)
		defer db.Close()
		got := ask(t, db, npmPackage, inventory.Package{Ecosystem: "Go", Name: "x", Version: "v1.0.0"})
		if len(got[0].Advisories) == 0 || got[1].Err == nil || !strings.Contains(got[1].Err.Error(), "--offline fetches nothing: boltseal db update --ecosystem Go") {
			t.Errorf("got %+v", got)
		}
		k.Dir = filepath.Join(t.TempDir(), "none")
		empty := Keep(k)
		defer empty.Close()
		if _, err := empty.Query(t.Context(), []inventory.Package{npmPackage, pyPackage}); err == nil || err.Error() != "--offline fetches nothing: boltseal db update --ecosystem PyPI,npm" {
			t.Errorf("got %v", err)
		}
		if asked := s.asked(); len(asked) > 0 {
			t.Errorf("asked for %q", asked)
		}
		if _, err := os.Stat(k.Dir); err == nil {
			t.Error("a folder was made")
		}
	})
}

func TestFirstUseFails(t *testing.T) {
	s := newSource(t, exported(t))
	k := keeping(s.updater(t, filepath.Join(t.TempDir(), "db")))
	db := Keep(k)
	defer db.Close()
	delete(s.files, "/PyPI/all.zip")
	got := ask(t, db, npmPackage, pyPackage)
	if len(got[0].Advisories) == 0 || got[1].Err == nil || !strings.Contains(got[1].Err.Error(), "no advisories for PyPI: fetching PyPI: ") || !strings.Contains(got[1].Err.Error(), "404 Not Found: boltseal db update --ecosystem PyPI") {
		t.Errorf("got %+v", got)
	}
	s.breakBy(faults["refused"].fault)
	s.asked()
	ask(t, db, pyPackage)
	if asked := s.asked(); len(asked) > 0 {
		t.Errorf("tried again in the same run: %q", asked)
	}
	k.Dir = filepath.Join(t.TempDir(), "db")
	none := Keep(k)
	defer none.Close()
	if _, err := none.Query(t.Context(), []inventory.Package{npmPackage, pyPackage}); err == nil || !strings.HasSuffix(err.Error(), "boltseal db update --ecosystem PyPI,npm") {
		t.Errorf("got %v", err)
	}
	damaged := filepath.Join(t.TempDir(), "db")
	if err := errors.Join(os.MkdirAll(damaged, 0o755), os.WriteFile(filepath.Join(damaged, "matches-0123456789abcdef.db"), nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	s.breakBy(nil)
	k.Dir = damaged
	again := Keep(k)
	defer again.Close()
	if got := ask(t, again, npmPackage); len(got[0].Advisories) == 0 || len(again.Info().Notes) != 1 {
		t.Errorf("in the place of a damaged one: %+v, %q", got, again.Info().Notes)
	}
}

// forged is a folder with a database that nobody has published, and that knows of
// nothing.
func forged(t *testing.T, dir string, state *fetchState) {
	t.Helper()
	image, err := Build(t.Context(), BuildOptions{Date: now, From: []string{folderOf(t, map[string]string{
		"npm/a.json":  `{"id":"X-1","affected":[{"package":{"ecosystem":"npm","name":"other"}}]}`,
		"PyPI/a.json": `{"id":"X-1","affected":[{"package":{"ecosystem":"PyPI","name":"other"}}]}`,
	})}})
	if err != nil {
		t.Fatal(err)
	}
	if err := image.Install(dir); err != nil {
		t.Fatal(err)
	}
	if state == nil {
		return
	}
	state.Manifest = digestOf(t, dir)
	if err := state.write(dir); err != nil {
		t.Fatal(err)
	}
}

// TestInAChange holds that what an earlier commit may have written is not believed.
func TestInAChange(t *testing.T) {
	_, built := installed(t, folderOf(t, sampleAdvisories(t)))
	finds := func(t *testing.T, db DB) {
		t.Helper()
		if got := ask(t, db, npmPackage); len(got[0].Advisories) == 0 {
			t.Errorf("it finds nothing: %+v, notes %q", got, db.Info().Notes)
		}
	}
	t.Run("exports", func(t *testing.T) {
		s := newSource(t, exported(t))
		honest := filepath.Join(t.TempDir(), "honest")
		run(t, s.updater(t, honest, "npm"))
		s.asked()
		dir := filepath.Join(t.TempDir(), "db")
		forged(t, dir, readState(honest, digestOf(t, honest))) // with the validators of today
		before := contents(t, dir)
		k := keeping(s.updater(t, dir))
		k.Confirm = true
		db := Keep(k)
		finds(t, db)
		temp := db.(*keeper).temp
		if err := db.Close(); err != nil {
			t.Error(err)
		}
		if _, err := os.Stat(temp); err == nil || temp == "" {
			t.Errorf("left behind: %q", temp)
		}
		if len(before) != len(contents(t, dir)) {
			t.Error("the cache was changed")
		}
	})
	t.Run("a mirror", func(t *testing.T) {
		s := newSource(t, mirrored(t, built))
		dir := filepath.Join(t.TempDir(), "db")
		forged(t, dir, nil)
		k := keeping(s.mirror(t, dir))
		k.Confirm = true
		db := Keep(k)
		finds(t, db)
		db.Close()
		s.asked()
		again := Keep(k)
		finds(t, again)
		again.Close()
		if asked := s.asked(); len(asked) == 0 || asked[0] != "/manifest.json" {
			t.Errorf("asked %q", asked)
		}
	})
	t.Run("a mirror's manifest with other files", func(t *testing.T) {
		s := newSource(t, mirrored(t, built))
		dir := filepath.Join(t.TempDir(), "db")
		if _, err := Export(t.Context(), built, dir); err != nil {
			t.Fatal(err)
		}
		m, err := ReadManifest(dir)
		if err != nil {
			t.Fatal(err)
		}
		name := filepath.Join(dir, m.Parts[0].Matches.Name)
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		data[len(data)-1] ^= 1
		replace(t, name, data)
		k := keeping(s.mirror(t, dir))
		k.Confirm = true
		db := Keep(k)
		defer db.Close()
		finds(t, db)
		if err := verifyAt(t, dir); err != nil {
			t.Error(err)
		}
	})
	t.Run("a mirror that is down", func(t *testing.T) {
		s := newSource(t, mirrored(t, built))
		dir := filepath.Join(t.TempDir(), "db")
		forged(t, dir, nil)
		s.breakBy(func(w http.ResponseWriter, _ *http.Request, _ []byte) bool {
			w.WriteHeader(http.StatusForbidden)
			return true
		})
		k := keeping(s.mirror(t, dir))
		k.Confirm = true
		db := Keep(k)
		defer db.Close()
		if got, err := db.Query(t.Context(), []inventory.Package{npmPackage}); err == nil {
			t.Errorf("it answers: %+v", got)
		}
	})
	t.Run("pinned", func(t *testing.T) {
		s := newSource(t, mirrored(t, built))
		s.breakBy(faults["refused"].fault)
		k := keeping(s.mirror(t, built))
		k.Confirm, k.MaxAge = true, 0
		k.Pins = []string{digestOf(t, built)}
		k.Vouched = k.Pins
		db := Keep(k)
		defer db.Close()
		finds(t, db)
		if asked := s.asked(); len(asked) > 0 {
			t.Errorf("asked %q", asked)
		}
		dir := filepath.Join(t.TempDir(), "db")
		forged(t, dir, nil)
		k.Dir = dir
		other := Keep(k)
		defer other.Close()
		if got, err := other.Query(t.Context(), []inventory.Package{npmPackage}); err == nil {
			t.Errorf("another one than the pinned one answers: %+v", got)
		}
	})
	t.Run("pinned by the author of the change alone", func(t *testing.T) {
		s := newSource(t, mirrored(t, built))
		dir := filepath.Join(t.TempDir(), "db")
		forged(t, dir, nil)
		k := keeping(s.mirror(t, dir))
		k.Confirm = true
		k.Pins = []string{digestOf(t, dir)}
		db := Keep(k)
		defer db.Close()
		if got, err := db.Query(t.Context(), []inventory.Package{npmPackage}); err == nil {
			t.Errorf("a database that nobody vouches for answers: %+v", got)
		}
		if len(s.asked()) == 0 {
			t.Error("its source was not asked")
		}
	})
	t.Run("pinned and damaged, outside of a change", func(t *testing.T) {
		s := newSource(t, mirrored(t, built))
		s.breakBy(faults["refused"].fault)
		dir := filepath.Join(t.TempDir(), "db")
		m, err := Export(t.Context(), built, dir)
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, m.Parts[0].Texts.Name)
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		data[len(data)/2] ^= 1
		replace(t, path, data)
		k := keeping(s.mirror(t, dir))
		k.Pins, k.MaxAge = []string{digestOf(t, dir)}, 0
		db := Keep(k)
		defer db.Close()
		unknown := inventory.Package{Ecosystem: "npm", Name: "unheard-of", Version: "1.0.0"} // whose texts nobody reads
		if got, err := db.Query(t.Context(), []inventory.Package{unknown}); err == nil {
			t.Errorf("it answers: %+v", got)
		}
	})
	t.Run("a word about how fresh it is", func(t *testing.T) {
		s := newSource(t, mirrored(t, built))
		dir := filepath.Join(t.TempDir(), "db")
		if _, err := Export(t.Context(), built, dir); err != nil {
			t.Fatal(err)
		}
		state := &fetchState{Manifest: digestOf(t, dir), Sources: map[string]sourceState{"npm": {Checked: "2027-09-21T00:00:00Z"}, "": {Checked: "2027-09-21T00:00:00Z"}}}
		if err := state.write(dir); err != nil {
			t.Fatal(err)
		}
		k := keeping(s.mirror(t, dir))
		k.Confirm = true
		db := Keep(k)
		defer db.Close()
		finds(t, db)
		for _, source := range db.Info().Sources {
			if strings.HasPrefix(source.AsOf, "2027") {
				t.Errorf("the advisories of %s are of %s, says whoever wrote the cache", source.Ecosystem, source.AsOf)
			}
		}
	})
	t.Run("a word about how fresh it is, and nobody to ask", func(t *testing.T) {
		s := newSource(t, mirrored(t, built))
		s.breakBy(faults["refused"].fault)
		dir := filepath.Join(t.TempDir(), "db")
		if _, err := Export(t.Context(), built, dir); err != nil {
			t.Fatal(err)
		}
		fresh := sourceState{Checked: "2027-09-21T00:00:00Z"}
		state := &fetchState{Manifest: digestOf(t, dir), Sources: map[string]sourceState{"npm": fresh, "": fresh, sourceKEV: fresh, sourceEPSS: fresh}}
		if err := state.write(dir); err != nil {
			t.Fatal(err)
		}
		k := keeping(s.mirror(t, dir))
		k.Confirm, k.MaxAge = true, time.Nanosecond
		k.Pins = []string{digestOf(t, dir)}
		k.Vouched = k.Pins
		db := Keep(k)
		defer db.Close()
		finds(t, db)
		info := db.Info()
		if len(s.asked()) == 0 || len(info.Notes) == 0 {
			t.Error("nobody was asked: what is held here?")
		}
		for _, source := range append(info.Sources, SourceInfo{Ecosystem: "KEV", AsOf: info.KEVAsOf}, SourceInfo{Ecosystem: "EPSS", AsOf: info.EPSSAsOf}) {
			if strings.HasPrefix(source.AsOf, "2027") {
				t.Errorf("what there is of %s is of %s, says whoever wrote the cache", source.Ecosystem, source.AsOf)
			}
		}
	})
	t.Run("offline", func(t *testing.T) {
		s := newSource(t, mirrored(t, built))
		dir := filepath.Join(t.TempDir(), "db")
		forged(t, dir, nil)
		k := keeping(s.mirror(t, dir))
		k.Confirm, k.Offline = true, true
		db := Keep(k)
		defer db.Close()
		_, err := db.Query(t.Context(), []inventory.Package{npmPackage})
		if err == nil || len(s.asked()) > 0 {
			t.Errorf("got %v", err)
		}
		if notes := db.Info().Notes; len(notes) != 1 || !strings.Contains(notes[0], "coverage.db-digest") {
			t.Errorf("notes %q", notes)
		}
	})
}
