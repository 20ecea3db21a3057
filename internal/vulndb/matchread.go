package vulndb

import (
	"cmp"
	"fmt"
	"slices"
	"sync"
	"time"

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
	data, err := m.section("tables").block(0)
	if err != nil {
		return nil, err
	}
	r := &reader{data: data}
	t := &tables{prefixes: r.texts(), vectors: r.texts(), cwes: r.texts()}
	return t, r.err()
}

// familyFile is one family of the file; it implements store.
type familyFile struct {
	file              *matchFile
	family            string
	tables            *tables
	releases          []string
	sets              [][]int
	shapes            []shape
	packages, records *section
}

// shape is an entry without its versions.
type shape struct {
	set     int
	gitOnly bool
	listed  bool
	rating  string
	// statement is as the record has it.
	statement string
	vectors   []string
	ranges    [][]int // codes of events
}

func (m *matchFile) open(family string) (*familyFile, error) {
	t, err := m.tables()
	if err != nil {
		return nil, err
	}
	data, err := m.section("f/" + family).block(0)
	if err != nil {
		return nil, err
	}
	f := &familyFile{
		file: m, family: family, tables: t,
		packages: m.section("p/" + family), records: m.section("r/" + family),
	}
	r := &reader{data: data}
	f.releases = r.texts()
	for range r.count() {
		f.sets = append(f.sets, r.numbers())
	}
	for range r.count() {
		f.shapes = append(f.shapes, readShape(&reader{data: r.bytes(r.count())}, r, t))
	}
	return f, r.err()
}

// readShape reads a shape from r; what is wrong with it is whole's fault.
func readShape(r, whole *reader, t *tables) shape {
	s := shape{set: r.number()}
	flags := r.number()
	s.gitOnly, s.listed = flags&shapeGitOnly != 0, flags&shapeVersions != 0
	s.rating = at(r, ratingOrder, flags>>shapeRatingShift&shapeRatingMask)
	s.statement = at(r, statementOrder, flags>>shapeStatementShift)
	if flags&shapeVectors != 0 {
		s.vectors = pick(r, t.vectors)
	}
	for range r.count() {
		events := []int{}
		for range r.count() {
			events = append(events, r.number())
		}
		s.ranges = append(s.ranges, events)
	}
	if r.bad {
		whole.fail()
	}
	return s
}

// pick reads a list of elements of a table.
func pick(r *reader, table []string) []string {
	var out []string
	for range r.count() {
		out = append(out, at(r, table, r.number()))
	}
	return out
}

func (f *familyFile) covers(release string) bool {
	return slices.ContainsFunc(f.releases, func(r string) bool { return sameRelease(f.family, release, r) })
}

// lookup implements store.
func (f *familyFile) lookup(name, release string) ([]entry, error) {
	n := f.packages.find(name)
	if n < 0 {
		return nil, nil
	}
	data, err := f.packages.block(n)
	if err != nil {
		return nil, err
	}
	r := &reader{data: data}
	body, err := findPackage(r, name)
	if err != nil || body == nil {
		return nil, f.damage(err, n)
	}
	b := &reader{data: body}
	entries, numbers := f.entries(b, name, release)
	if err := b.err(); err != nil {
		return nil, f.damage(err, n)
	}
	records, err := f.told(numbers)
	if err != nil {
		return nil, err
	}
	for i := range entries {
		entries[i].record = records[numbers[i]]
	}
	return entries, nil
}

func (f *familyFile) damage(err error, block int) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%w (packages of %s, block %d: %w)", errDamaged, shownSection(f.family), block, err)
}

// findPackage walks a block up to a name; nil if it is not there. The names are as
// after writes them; they are put together in one place.
func findPackage(r *reader, name string) ([]byte, error) {
	var before []byte
	for len(r.data) > 0 {
		n := r.number()
		rest := r.bytes(r.count())
		if r.unfolded += n; n > len(before) || r.unfolded > maxUnfolded {
			r.fail()
			break
		}
		before = append(before[:n], rest...)
		body := r.bytes(r.count())
		if r.bad {
			break
		}
		switch order := cmp.Compare(string(before), name); {
		case order == 0:
			return body, nil
		case order > 0:
			return nil, nil
		}
	}
	return nil, r.err()
}

// entries reads those of a package's entries that hold for a release, and the
// numbers of their records.
func (f *familyFile) entries(r *reader, name, release string) (entries []entry, numbers []int) {
	n := r.count()
	all := make([]int, n)
	last := 0
	for i := range all {
		last += r.number()
		all[i] = last
	}
	shapes := make([]*shape, n)
	for i := range shapes {
		if number := r.number(); number < len(f.shapes) {
			shapes[i] = &f.shapes[number]
		} else {
			r.fail()
		}
	}
	versions := r.texts()
	if r.bad {
		return nil, nil
	}
	holds := f.holding(release)
	fresh := 0
	for i, s := range shapes {
		wanted := at(r, holds, s.set)
		a := s.read(r, versions, &fresh, wanted)
		if r.bad {
			return nil, nil
		}
		if wanted {
			a.name = name
			entries = append(entries, entry{affected: a})
			numbers = append(numbers, all[i])
		}
	}
	return entries, numbers
}

// holding says of each set of releases whether a release is in it.
func (f *familyFile) holding(release string) []bool {
	holds := make([]bool, len(f.sets))
	for i, set := range f.sets {
		holds[i] = !inventory.HasReleases(f.family) || slices.ContainsFunc(set, func(n int) bool {
			return n < len(f.releases) && sameRelease(f.family, release, f.releases[n])
		})
	}
	return holds
}

// read gives an entry's versions their place in its shape. fresh counts the
// versions that came before. An entry that is not wanted is stepped over.
func (s *shape) read(r *reader, versions []string, fresh *int, wanted bool) *affected {
	a := &affected{}
	if wanted {
		a.gitOnly, a.rating, a.statement, a.vectors = s.gitOnly, s.rating, s.statement, s.vectors
		a.ranges = make([]versionRange, 0, len(s.ranges))
	}
	for _, codes := range s.ranges {
		var events []event
		if wanted {
			events = make([]event, 0, len(codes))
		}
		for _, code := range codes {
			version := "0"
			if code&1 == 0 {
				version = eventVersion(r, versions, fresh)
			}
			if wanted {
				events = append(events, event{eventKind(code >> 1), version})
			}
		}
		if wanted {
			a.ranges = append(a.ranges, versionRange{events})
		}
	}
	if s.listed {
		a.versions = listedVersions(r, versions, fresh, wanted)
	}
	return a
}

func eventVersion(r *reader, versions []string, fresh *int) string {
	back := r.number()
	if back == 0 {
		*fresh++
		return at(r, versions, *fresh-1)
	}
	return at(r, versions, *fresh-back)
}

func listedVersions(r *reader, versions []string, fresh *int, wanted bool) []string {
	n := r.count()
	var list []string
	if wanted {
		list = make([]string, 0, n)
	}
	before := -1
	for range n {
		before += r.signed() + 1
		v := at(r, versions, before)
		*fresh = max(*fresh, before+1)
		if wanted {
			list = append(list, v)
		}
	}
	return list
}

// told reads records by number, all but their summaries.
func (f *familyFile) told(numbers []int) (map[int]*record, error) {
	out := make(map[int]*record, len(numbers))
	err := f.each(numbers, func(r *reader, n int, row *row) { out[n] = row.record(r, f.tables) })
	return out, err
}

// complete implements store.
func (f *familyFile) complete(hits []hit) error {
	for i := range hits {
		rec := hits[i].record
		if !hits[i].in || rec.text < 0 || rec.summary != "" {
			continue
		}
		text, err := f.file.summary(rec.text)
		if err != nil {
			return err
		}
		rec.summary = text
	}
	return nil
}

// each walks over the blocks that hold records, and calls use for each of them.
func (f *familyFile) each(numbers []int, use func(r *reader, n int, row *row)) error {
	sorted := slices.Clone(numbers)
	slices.Sort(sorted)
	sorted = slices.Compact(sorted)
	for len(sorted) > 0 {
		block := sorted[0] / recordsPerBlock
		end, _ := slices.BinarySearch(sorted, (block+1)*recordsPerBlock)
		data, err := f.records.block(block)
		if err != nil {
			return err
		}
		if err := eachRow(data, block*recordsPerBlock, sorted[:end], use); err != nil {
			return fmt.Errorf("%w (records of %s, block %d: %w)", errDamaged, shownSection(f.family), block, err)
		}
		sorted = sorted[end:]
	}
	return nil
}

// row is a record as it is written; its parts are used again for the next one.
type row struct {
	flags, upstream int
	links           []idCode
	id              idCode
	vectors, cwes   []int
	day, second     int
	date            []byte
	summary         int // -1 for none
}

func eachRow(data []byte, first int, wanted []int, use func(r *reader, n int, row *row)) error {
	r := &reader{data: data}
	n := r.number()
	texts := r.number()
	flags := &reader{data: r.bytes(r.count())}
	ids := &reader{data: r.bytes(r.count())}
	rest := &reader{data: r.bytes(r.count())}
	var w row
	for i := range n {
		if len(wanted) == 0 || r.bad {
			break
		}
		w.read(flags, ids, rest, &texts)
		if flags.bad || ids.bad || rest.bad {
			r.fail()
			break
		}
		if first+i == wanted[0] {
			use(r, wanted[0], &w)
			wanted = wanted[1:]
		}
	}
	if len(wanted) > 0 {
		r.fail()
	}
	return r.err()
}

func (w *row) read(flags, ids, rest *reader, texts *int) {
	w.flags = flags.number()
	w.links, w.upstream = w.links[:0], 0
	aliases := 0
	if w.flags&recordUpstream != 0 {
		w.upstream = ids.count()
	}
	if w.flags&recordAliases != 0 {
		aliases = ids.count()
	}
	for range w.upstream + aliases {
		w.links = append(w.links, readID(ids))
		if ids.bad {
			return
		}
	}
	w.id = readID(ids)
	w.vectors, w.cwes = w.vectors[:0], w.cwes[:0]
	if w.flags&recordVectors != 0 {
		w.vectors = appendNumbers(w.vectors, rest)
	}
	if w.flags&recordCWEs != 0 {
		w.cwes = appendNumbers(w.cwes, rest)
	}
	w.day, w.second, w.date = 0, 0, nil
	switch {
	case w.flags&recordDate != 0:
		w.date = rest.bytes(rest.count())
	case w.flags&recordTime != 0:
		w.day, w.second = rest.number(), rest.number()
	case w.flags&recordDay != 0:
		w.day = rest.number()
	}
	switch back := rest.number(); back {
	case 0:
		w.summary = -1
	case 1:
		w.summary = *texts
		*texts++
	default:
		w.summary = *texts - back + 1
	}
}

func appendNumbers(list []int, r *reader) []int {
	for range r.count() {
		list = append(list, r.number())
	}
	return list
}

func (w *row) record(r *reader, t *tables) *record {
	links := make([]string, 0, len(w.links))
	for i := range w.links {
		links = append(links, w.links[i].string(r, t.prefixes, nil))
	}
	n := min(w.upstream, len(links))
	rec := &record{id: w.id.string(r, t.prefixes, links), text: w.summary}
	if n > 0 {
		rec.upstream = links[:n:n]
	}
	if n < len(links) {
		rec.aliases = links[n:]
	}
	rec.rating = at(r, ratingOrder, w.flags>>recordRatingShift)
	for _, n := range w.vectors {
		rec.vectors = append(rec.vectors, at(r, t.vectors, n))
	}
	for _, n := range w.cwes {
		rec.cwes = append(rec.cwes, at(r, t.cwes, n))
	}
	switch {
	case w.flags&recordDate != 0:
		rec.published = string(w.date)
	case w.flags&(recordDay|recordTime) != 0:
		rec.published = time.Unix(int64(w.day)*secondsPerDay+int64(w.second), 0).UTC().Format(time.RFC3339)
	}
	return rec
}

// summary gives a text by its number.
func (m *matchFile) summary(n int) (string, error) {
	data, err := m.section("summaries").block(n / summariesPerBlock)
	if err != nil {
		return "", err
	}
	r := &reader{data: data}
	text := r.nth(n % summariesPerBlock)
	return text, r.err()
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
