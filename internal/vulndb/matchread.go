package vulndb

import (
	"bytes"
	"fmt"
	"slices"
	"sync"

	"github.com/boltseal/boltseal/internal/inventory"
)

// matchFile reads what matchWriter wrote.
type matchFile struct {
	*blockFile
	tables func() (*tables, error)
}

type tables struct{ prefixes, vectors, cwes []string }

func openMatches(data []byte) (*matchFile, error) {
	f, err := openBlocks(data, kindMatch)
	if err != nil {
		return nil, err
	}
	m := &matchFile{blockFile: f}
	m.tables = sync.OnceValues(m.readTables)
	return m, nil
}

func (m *matchFile) readTables() (*tables, error) {
	data, err := m.section("tables").block(0, nil)
	if err != nil {
		return nil, err
	}
	r := &reader{data: data}
	t := &tables{prefixes: r.texts(), vectors: r.texts(), cwes: r.texts()}
	return t, r.err()
}

// summary gives a text by its number.
func (m *matchFile) summary(n int) (text string, err error) {
	err = m.section("summaries").read(n/summariesPerBlock, func(k *kept) error {
		r := &reader{data: k.data}
		text = r.nth(n % summariesPerBlock)
		return r.err()
	})
	return text, err
}

// nth reads text n of a block of lengths and texts.
func (r *reader) nth(n int) string {
	before, length := 0, 0
	for i := range r.count() {
		size := r.number()
		if i < n {
			before += size
		}
		if i == n {
			length = size
		}
	}
	r.bytes(before)
	return string(r.bytes(length))
}

// familyFile is one family of the file.
type familyFile struct {
	file              *matchFile
	family            string
	tables            *tables
	releases          []string
	sets              [][]int
	packages, records *section

	mu      sync.Mutex // of everything below
	shapes  *shapeTable
	holds   map[string][]bool // of a release: which sets it is in
	numbers []int             // used again, as all of these
	kinds   []*shape
	name    []byte
	spelled spelling
}

func (m *matchFile) open(family string) (*familyFile, error) {
	t, err := m.tables()
	if err != nil {
		return nil, err
	}
	data, err := m.section("f/"+family).block(0, nil)
	if err != nil {
		return nil, err
	}
	f := &familyFile{
		file: m, family: family, tables: t, holds: make(map[string][]bool),
		packages: m.section("p/" + family), records: m.section("r/" + family),
	}
	r := &reader{data: data}
	f.releases = r.texts()
	for range r.count() {
		f.sets = append(f.sets, r.numbers())
	}
	f.shapes = readShapes(r, t)
	return f, r.err()
}

func (f *familyFile) covers(release string) bool {
	return slices.ContainsFunc(f.releases, func(r string) bool { return sameRelease(f.family, release, r) })
}

// asking is a family in the hands of one query: it implements store for one package
// after the other, whose entries and records take the place of those before.
type asking struct {
	*familyFile
	made *madeEntries
}

// lookup implements store.
func (a asking) lookup(name, release string) ([]entry, error) {
	return a.find(name, release, a.made)
}

// find looks a package up. What it gives lies in made.
func (f *familyFile) find(name, release string, made *madeEntries) (entries []entry, err error) {
	n := f.packages.find(name)
	if n < 0 {
		return nil, nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	var numbers []int
	err = f.packages.read(n, func(k *kept) error {
		r := &reader{data: k.data}
		body, err := f.body(r, name)
		if err != nil || body == nil {
			return f.damage(err, n)
		}
		b := &reader{data: body}
		entries, numbers = f.entries(b, name, release, made)
		return f.damage(b.err(), n)
	})
	if err != nil || len(entries) == 0 {
		return nil, err
	}
	return entries, f.tell(entries, numbers, made)
}

func (f *familyFile) damage(err error, block int) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%w (packages of %s, block %d: %w)", errDamaged, shownSection(f.family), block, err)
}

// body walks a block up to a name; nil if it is not there. The names are as after
// writes them; they are put together in one place.
func (f *familyFile) body(r *reader, name string) ([]byte, error) {
	wanted := []byte(name)
	before := f.name[:0]
	for r.left() > 0 {
		shared, rest := r.folded(len(before))
		before = append(before[:shared], rest...)
		body := r.bytes(r.count())
		if r.bad {
			break
		}
		if order := bytes.Compare(before, wanted); order >= 0 {
			f.name = before
			if order > 0 {
				return nil, nil
			}
			return body, nil
		}
	}
	f.name = before
	return nil, r.err()
}

// entries reads those of a package's entries that hold for a release, and the
// numbers of their records, ascending, which the next call overwrites.
func (f *familyFile) entries(r *reader, name, release string, made *madeEntries) ([]entry, []int) {
	n := r.count()
	numbers, kinds := f.numbers[:0], f.kinds[:0]
	last := 0
	for range n {
		last += r.number()
		numbers = append(numbers, last)
	}
	for range n {
		s := f.shapes.shape(r, r.number())
		if r.bad {
			return nil, nil
		}
		kinds = append(kinds, s)
	}
	f.numbers, f.kinds = numbers, kinds
	versions := r.texts()
	holds := f.holding(release)
	made.room(r, kinds, holds)
	if r.bad {
		return nil, nil
	}
	fresh := 0
	kept := numbers[:0]
	for i, s := range kinds {
		if !holds[s.set] {
			s.skip(r, versions, &fresh)
			continue
		}
		made.add(s, r, name, versions, &fresh)
		kept = append(kept, numbers[i])
	}
	if r.bad {
		return nil, nil
	}
	return made.entries, kept
}

// holding says of each set of releases whether a release is in it.
func (f *familyFile) holding(release string) []bool {
	if holds, known := f.holds[release]; known {
		return holds
	}
	holds := make([]bool, len(f.sets))
	for i, set := range f.sets {
		holds[i] = !inventory.HasReleases(f.family) || slices.ContainsFunc(set, func(n int) bool {
			return n < len(f.releases) && sameRelease(f.family, release, f.releases[n])
		})
	}
	f.holds[release] = holds
	return holds
}

// madeEntries are the entries of one package, of which each kind lies in one piece
// of memory, and so do their records.
type madeEntries struct {
	records  []record
	entries  []entry
	affected []affected
	ranges   []versionRange
	events   []event
}

// room makes room for the entries that hold, in the place of those before.
func (m *madeEntries) room(r *reader, kinds []*shape, holds []bool) {
	entries, ranges, events := 0, 0, 0
	for _, s := range kinds {
		if s.set >= len(holds) {
			r.fail()
			break
		}
		if holds[s.set] {
			entries, ranges, events = entries+1, ranges+len(s.ranges), events+s.events
		}
	}
	if max(entries, ranges, events) > maxRows {
		r.fail()
	}
	if r.bad {
		return
	}
	m.entries, m.affected = slices.Grow(m.entries[:0], entries), slices.Grow(m.affected[:0], entries)
	m.ranges, m.events = slices.Grow(m.ranges[:0], ranges), slices.Grow(m.events[:0], events)
}

// add gives an entry's versions their place in its shape. fresh counts the versions
// that came before.
func (m *madeEntries) add(s *shape, r *reader, name string, versions []string, fresh *int) {
	first := len(m.ranges)
	for _, codes := range s.ranges {
		start := len(m.events)
		for _, code := range codes {
			version := "0"
			if code&1 == 0 {
				version = at(r, versions, eventVersion(r, fresh))
			}
			m.events = append(m.events, event{eventKind(code >> 1), version})
		}
		m.ranges = append(m.ranges, versionRange{m.events[start:len(m.events):len(m.events)]})
	}
	a := affected{name: name, gitOnly: s.gitOnly, rating: s.rating, statement: s.statement, vectors: s.vectors}
	a.ranges = m.ranges[first:len(m.ranges):len(m.ranges)]
	if s.listed {
		n := r.count()
		a.versions = make([]string, 0, n)
		listedVersions(r, n, fresh, func(number int) { a.versions = append(a.versions, at(r, versions, number)) })
	}
	m.affected = append(m.affected, a)
	m.entries = append(m.entries, entry{affected: &m.affected[len(m.affected)-1]})
}

// skip steps over an entry's versions.
func (s *shape) skip(r *reader, versions []string, fresh *int) {
	for range s.named {
		if number := eventVersion(r, fresh); number < 0 || number >= len(versions) {
			r.fail()
			return
		}
	}
	if s.listed {
		listedVersions(r, r.count(), fresh, func(int) {})
	}
}

// eventVersion gives the number of a version: how far back it stands, or the next
// one that was not there before.
func eventVersion(r *reader, fresh *int) int {
	back := r.number()
	if back == 0 {
		*fresh++
		back = 1
	}
	return *fresh - back
}

// listedVersions gives n numbers of versions to use.
func listedVersions(r *reader, n int, fresh *int, use func(number int)) {
	before := -1
	for range n {
		before += r.signed() + 1
		*fresh = max(*fresh, before+1)
		if r.bad {
			return
		}
		use(before)
	}
}
