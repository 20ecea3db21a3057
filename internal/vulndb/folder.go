package vulndb

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/boltseal/boltseal/internal/inventory"
)

// folder is a DB over advisories as their sources publish them.
type folder struct {
	path     string
	families map[string][]string // files of a family's own
	loose    []string            // files of any family
	sides    string              // the folder that may hold kev.json and epss.csv
	limits   limits
	whole    bool // details and references are wanted too

	mixed  func() (*mixed, error)
	extras func() (*enrichment, error)

	mu     sync.Mutex
	loaded map[string]func() (*index, error)
}

// OpenFolder opens advisories in OSV form: a folder with ECOSYSTEM/all.zip or
// ECOSYSTEM/*.json as the public exports are laid out, or with *.json of any
// ecosystem, or one zip file of such records. A kev.json (CISA) and an epss.csv
// (FIRST) beside them are used. Nothing is read before it is asked for.
func OpenFolder(path string) (DB, error) { return openFolder(path, defaultLimits) }

func openFolder(path string, l limits) (*folder, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("opening advisories: %w", err)
	}
	f := &folder{path: path, sides: path, families: make(map[string][]string), limits: l, loaded: make(map[string]func() (*index, error))}
	if !info.IsDir() {
		if !strings.EqualFold(filepath.Ext(path), ".zip") {
			return nil, fmt.Errorf("opening advisories: %q is neither a folder nor a .zip file", path)
		}
		f.loose, f.sides = []string{path}, filepath.Dir(path)
	} else if err := f.list(); err != nil {
		return nil, err
	}
	f.mixed = sync.OnceValues(f.loadMixed)
	f.extras = sync.OnceValues(func() (*enrichment, error) { return readEnrichment(f.sides) })
	return f, nil
}

// list finds out which files there are, without reading them.
func (f *folder) list() error {
	entries, err := os.ReadDir(f.path)
	if err != nil {
		return fmt.Errorf("opening advisories: %w", err)
	}
	for _, e := range entries {
		full := filepath.Join(f.path, e.Name())
		if info, err := os.Stat(full); err == nil && info.IsDir() {
			files, err := advisoryFiles(full)
			if err != nil {
				return fmt.Errorf("opening advisories: %w", err)
			}
			if len(files) > 0 {
				family := inventory.Family(e.Name())
				f.families[family] = append(f.families[family], files...)
			}
			continue
		}
		if isAdvisoryFile(e.Name()) {
			f.loose = append(f.loose, full)
		}
	}
	if len(f.loose) == 0 && len(f.families) == 0 {
		return fmt.Errorf("opening advisories: %q has neither ECOSYSTEM/all.zip nor .json or .zip files with OSV records", f.path)
	}
	return nil
}

func advisoryFiles(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var files []string
	for _, e := range entries {
		if !e.IsDir() && isAdvisoryFile(e.Name()) {
			files = append(files, filepath.Join(dir, e.Name()))
		}
	}
	return files, nil
}

func isAdvisoryFile(name string) bool {
	ext := strings.ToLower(filepath.Ext(name))
	return (ext == ".json" || ext == ".zip") && name != kevFile && !strings.HasPrefix(name, partPrefix)
}

// Query reads the families that the packages belong to, each once, and matches.
func (f *folder) Query(ctx context.Context, packages []inventory.Package) ([]Match, error) {
	if len(packages) == 0 {
		return nil, nil
	}
	extras, err := f.extras()
	if err != nil {
		return nil, err
	}
	matches := make([]Match, len(packages))
	for i := range packages {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		p := &packages[i]
		x, err := f.family(inventory.Family(p.Ecosystem))
		switch {
		case err != nil:
			matches[i].Err = err
		case x == nil || x.info.Records == 0:
			matches[i].Err = fmt.Errorf("%w for %s", ErrNoData, p.Ecosystem)
		default:
			matches[i] = match(x.family, x, p)
			matches[i].Err = errors.Join(matches[i].Err, enrich(extras, matches[i].Advisories))
		}
	}
	return matches, nil
}

// family gives the index of a family, nil where there is none.
func (f *folder) family(name string) (*index, error) {
	f.mu.Lock()
	load := f.loaded[name]
	if load == nil {
		load = sync.OnceValues(func() (*index, error) { return f.loadFamily(name) })
		f.loaded[name] = load
	}
	f.mu.Unlock()
	return load()
}

// loadFamily makes the index of a family, nil where there is no record of it.
func (f *folder) loadFamily(name string) (*index, error) {
	records, info, err := f.records(name)
	if err != nil || records == nil && len(f.families[name]) == 0 {
		return nil, err
	}
	x := newIndex(name)
	x.info = info
	for _, r := range latest(records) {
		x.add(r)
	}
	return x, nil
}

// records reads a family's own files after what the mixed ones have of it.
func (f *folder) records(name string) ([]*record, SourceInfo, error) {
	info := SourceInfo{Ecosystem: name}
	mixed, err := f.mixed()
	if err != nil {
		return nil, info, err
	}
	records := mixed.records[name]
	if records != nil { // whose the bad ones are nobody can say: each family shows them
		info.Bad, info.BadNames = mixed.bad.Bad, slices.Clone(mixed.bad.BadNames)
	}
	records = slices.Clip(records)
	err = f.read(f.families[name], func(r *record) { records = append(records, r) }, &info)
	return records, info, err
}

// latest leaves of several records with one id the one that was modified last: the
// exports hold many records more than once, and of two sources one can be older.
// Where several were modified then and differ, nobody can say which is right: they
// become one that says what all of them say.
func latest(records []*record) []*record {
	newest := make(map[string]*record, len(records))
	for _, r := range records {
		if other, ok := newest[r.id]; !ok || r.modified > other.modified {
			newest[r.id] = r
		}
	}
	if len(newest) == len(records) {
		return records
	}
	out := make([]*record, 0, len(newest))
	at := make(map[string]int, len(newest))
	for _, r := range records {
		n, seen := at[r.id]
		switch {
		case r.modified < newest[r.id].modified:
		case !seen:
			at[r.id] = len(out)
			out = append(out, r)
		case !reflect.DeepEqual(r, out[n]):
			out[n] = out[n].with(r)
		}
	}
	return out
}

// with gives a record that says what another one of the same id says as well.
func (r *record) with(other *record) *record {
	both := *r
	both.withdrawn, both.dropped = r.withdrawn && other.withdrawn, r.dropped && other.dropped
	both.aliases, both.upstream = union(r.aliases, other.aliases), union(r.upstream, other.upstream)
	both.affected = slices.Clone(r.affected)
	for _, a := range other.affected {
		if !slices.ContainsFunc(both.affected, func(b affected) bool { return reflect.DeepEqual(a, b) }) {
			both.affected = append(both.affected, a)
		}
	}
	return &both
}

func union(a, b []string) []string {
	out := slices.Clone(a)
	for _, s := range b {
		if !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

// mixed is what the files hold that can hold any family.
type mixed struct {
	records map[string][]*record
	bad     SourceInfo
}

func (f *folder) loadMixed() (*mixed, error) {
	m := &mixed{records: make(map[string][]*record)}
	var all []*record
	err := f.read(f.loose, func(r *record) { all = append(all, r) }, &m.bad)
	// Records of one id can be about different families.
	for _, r := range latest(all) {
		for _, family := range r.families() {
			m.records[family] = append(m.records[family], r)
		}
	}
	return m, err
}

// families are the families that a record affects, sorted.
func (r *record) families() []string {
	set := make(map[string]bool)
	for i := range r.affected {
		set[inventory.Family(r.affected[i].ecosystem)] = true
	}
	return slices.Sorted(maps.Keys(set))
}

// maxBadNames bounds how many bad records are named.
const maxBadNames = 10

// read decodes files in their order, handing each record to add.
func (f *folder) read(files []string, add func(*record), info *SourceInfo) error {
	budget := &budget{limits: f.limits, whole: f.whole}
	for _, file := range files {
		records, bad, err := readFile(file, budget, runtime.GOMAXPROCS(0))
		if err != nil {
			return fmt.Errorf("reading advisories: %w", err)
		}
		for _, r := range records {
			if r != nil {
				add(r)
			}
		}
		for _, err := range bad {
			info.Bad++
			if len(info.BadNames) < maxBadNames {
				info.BadNames = append(info.BadNames, err.Error())
			}
		}
	}
	return nil
}

// Info describes what has been read so far.
func (f *folder) Info() Info {
	info := Info{Kind: "folder"}
	f.mu.Lock()
	names := slices.Sorted(maps.Keys(f.loaded))
	f.mu.Unlock()
	for _, name := range names {
		if x, err := f.family(name); err == nil && x != nil {
			s := x.info
			s.BadNames = slices.Clone(s.BadNames)
			info.Sources = append(info.Sources, s)
		}
	}
	if len(names) > 0 {
		if extras, err := f.extras(); err == nil {
			info.KEVDate, info.EPSSDate = extras.kevDate, extras.epssDate
		}
	}
	return info
}

// Close releases nothing: no file stays open.
func (f *folder) Close() error { return nil }
