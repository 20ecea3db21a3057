package vulndb

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/boltseal/boltseal/internal/inventory"
)

// The file that packages are matched with has these sections:
//
//	tables     one block: prefixes of ids, CVSS vectors, CWEs; the commonest first
//	summaries  texts, summariesPerBlock in a block, each text once
//	f/FAMILY   one block: releases, sets of releases, shapes
//	p/FAMILY   packages by name, with what their records say of them
//	r/FAMILY   records by number, recordsPerBlock in a block
//
// Records are numbered by the first package that they name, so that what is said of
// one package lies together.
const (
	recordsPerBlock   = 256
	summariesPerBlock = 64
	packagesBlock     = 16 << 10
)

// tally counts texts, to number them by how often they are needed.
type tally map[string]int

func (t tally) add(list ...string) {
	for _, s := range list {
		t[s]++
	}
}

// table gives the texts, the commonest first, and the number of each.
func (t tally) table() ([]string, map[string]int) {
	list := slices.SortedFunc(maps.Keys(t), func(a, b string) int {
		return cmp.Or(cmp.Compare(t[b], t[a]), strings.Compare(a, b))
	})
	numbers := make(map[string]int, len(list))
	for i, s := range list {
		numbers[s] = i
	}
	return list, numbers
}

// matchWriter makes the file that packages are matched with.
type matchWriter struct {
	file                    *fileWriter
	prefixes, vectors, cwes map[string]int
	summaries               map[string]int
	texts                   []string
}

// familyRecords are the records that are kept of a family.
type familyRecords struct {
	name     string
	releases []string // of all records, withdrawn ones too
	records  []*record
}

// newFamilyRecords leaves out what can affect nothing, and sorts the rest.
func newFamilyRecords(name string, all []*record) *familyRecords {
	f := &familyRecords{name: name}
	releases := make(map[string]bool)
	first := make(map[*record]string)
	for _, r := range all {
		for i := range r.affected {
			a := &r.affected[i]
			if inventory.Family(a.ecosystem) != name {
				continue
			}
			release := inventory.Release(a.ecosystem)
			releases[release] = true
			if r.withdrawn || r.dropped || inventory.HasReleases(name) && release == "" {
				continue
			}
			if before, ok := first[r]; !ok || a.name < before {
				first[r] = a.name
			}
		}
		if _, ok := first[r]; ok {
			f.records = append(f.records, r)
		}
	}
	f.releases = slices.Sorted(maps.Keys(releases))
	slices.SortStableFunc(f.records, func(a, b *record) int {
		return cmp.Or(strings.Compare(first[a], first[b]), strings.Compare(a.id, b.id))
	})
	return f
}

// links are the ids that a record names beside its own.
func (r *record) links() []string { return slices.Concat(r.upstream, r.aliases) }

// writeMatches makes the file from all families, sorted by name.
func writeMatches(families []*familyRecords, built int64) ([]byte, error) {
	file, err := newFileWriter(kindMatch, zstd.SpeedBetterCompression)
	if err != nil {
		return nil, err
	}
	m := &matchWriter{file: file, summaries: make(map[string]int)}
	tables := file.section("tables")
	summaries := file.section("summaries")
	tables.block("", m.tables(families))
	for _, f := range families {
		m.family(f)
	}
	for chunk := range slices.Chunk(m.texts, summariesPerBlock) {
		summaries.block("", textBlock(chunk))
	}
	return file.bytes(built), nil
}

// textBlock writes the lengths of texts and then the texts.
func textBlock(texts []string) []byte {
	var w writer
	w.number(len(texts))
	for _, s := range texts {
		w.number(len(s))
	}
	for _, s := range texts {
		w.data = append(w.data, s...)
	}
	return w.data
}

func (m *matchWriter) tables(families []*familyRecords) []byte {
	prefixes, vectors, cwes := tally{}, tally{}, tally{}
	for _, f := range families {
		for _, r := range f.records {
			links := r.links()
			for _, id := range links {
				if p, ok := prefixOf(id, nil); ok {
					prefixes.add(p)
				}
			}
			if p, ok := prefixOf(r.id, links); ok {
				prefixes.add(p)
			}
			vectors.add(r.vectors...)
			cwes.add(r.cwes...)
			for i := range r.affected {
				vectors.add(r.affected[i].vectors...)
			}
		}
	}
	var w writer
	for _, t := range []struct {
		tally
		numbers *map[string]int
	}{{prefixes, &m.prefixes}, {vectors, &m.vectors}, {cwes, &m.cwes}} {
		list, numbers := t.table()
		*t.numbers = numbers
		w.texts(list)
	}
	return w.data
}

// family writes the sections of one family.
func (m *matchWriter) family(f *familyRecords) {
	p := newPackageWriter(m, f)
	packages := m.file.section("p/" + f.name)
	names := slices.Sorted(maps.Keys(p.byName))
	shapes := make(map[string]int)
	meta := p.meta(names, shapes)
	m.file.section("f/"+f.name).block("", meta)
	var w writer
	key, before := "", ""
	for i, name := range names {
		if len(w.data) == 0 {
			key, before = name, ""
		}
		w.after(before, name)
		w.text(string(p.body(p.byName[name], shapes)))
		before = name
		if len(w.data) >= packagesBlock || i == len(names)-1 {
			packages.block(key, w.data)
			w.data = nil
		}
	}
	records := m.file.section("r/" + f.name)
	for chunk := range slices.Chunk(f.records, recordsPerBlock) {
		records.block("", m.records(chunk))
	}
}

// packageEntry is what a record says of a package in some releases.
type packageEntry struct {
	number   int // of the record
	affected *affected
	releases []int
}

type packageWriter struct {
	m        *matchWriter
	family   *familyRecords
	byName   map[string][]packageEntry
	sets     map[string]int
	setOrder [][]int
}

func newPackageWriter(m *matchWriter, f *familyRecords) *packageWriter {
	p := &packageWriter{m: m, family: f, byName: make(map[string][]packageEntry), sets: make(map[string]int)}
	released := inventory.HasReleases(f.name)
	for number, r := range f.records {
		for i := range r.affected {
			a := &r.affected[i]
			if inventory.Family(a.ecosystem) != f.name {
				continue
			}
			release := 0
			if released {
				name := inventory.Release(a.ecosystem)
				if name == "" {
					continue
				}
				release, _ = slices.BinarySearch(f.releases, name)
			}
			p.add(number, a, release)
		}
	}
	return p
}

// add joins what is the same for several releases.
func (p *packageWriter) add(number int, a *affected, release int) {
	list := p.byName[a.name]
	for i := len(list) - 1; i >= 0 && list[i].number == number; i-- {
		if same(list[i].affected, a) && !slices.Contains(list[i].releases, release) {
			list[i].releases = append(list[i].releases, release)
			return
		}
	}
	p.byName[a.name] = append(list, packageEntry{number, a, []int{release}})
}

// same compares all but the release.
func same(a, b *affected) bool {
	return a.rating == b.rating && a.statement == b.statement && a.gitOnly == b.gitOnly && slices.Equal(a.vectors, b.vectors) &&
		slices.EqualFunc(a.ranges, b.ranges, func(x, y versionRange) bool { return slices.Equal(x.events, y.events) }) &&
		slices.Equal(a.versions, b.versions)
}

// meta gives the family's block, and fills in the numbers of shapes.
func (p *packageWriter) meta(names []string, numbers map[string]int) []byte {
	shapes := tally{}
	for _, name := range names {
		for i := range p.byName[name] {
			e := &p.byName[name][i]
			slices.Sort(e.releases)
			shapes.add(string(p.shape(e)))
		}
	}
	list, all := shapes.table()
	maps.Copy(numbers, all)
	var w writer
	w.texts(p.family.releases)
	w.number(len(p.setOrder))
	for _, set := range p.setOrder {
		w.numbers(set)
	}
	w.number(len(list))
	for _, s := range list {
		w.text(s)
	}
	return w.data
}

// The bits of a shape.
const (
	shapeGitOnly = 1 << iota
	shapeVersions
	shapeVectors
	shapeRatingShift    = iota
	shapeRatingMask     = 7
	shapeStatementShift = shapeRatingShift + 3
)

// shape is all of an entry but its versions: releases, rating, vectors and the
// kinds of its events.
func (p *packageWriter) shape(e *packageEntry) []byte {
	var key writer
	key.numbers(e.releases)
	set, ok := p.sets[string(key.data)]
	if !ok {
		set = len(p.setOrder)
		p.sets[string(key.data)] = set
		p.setOrder = append(p.setOrder, e.releases)
	}
	a := e.affected
	flags := slices.Index(ratingOrder, a.rating) << shapeRatingShift
	flags |= slices.Index(statementOrder, a.statement) << shapeStatementShift
	if a.gitOnly {
		flags |= shapeGitOnly
	}
	if len(a.versions) > 0 {
		flags |= shapeVersions
	}
	if len(a.vectors) > 0 {
		flags |= shapeVectors
	}
	var w writer
	w.number(set)
	w.number(flags)
	if len(a.vectors) > 0 {
		w.numbers(p.m.numbersOf(p.m.vectors, a.vectors))
	}
	w.number(len(a.ranges))
	for _, r := range a.ranges {
		w.number(len(r.events))
		for _, e := range r.events {
			w.number(eventCode(e))
		}
	}
	return w.data
}

// eventCode is the kind of an event, and whether its version is 0.
func eventCode(e event) int {
	code := int(e.kind) << 1
	if e.version == "0" {
		code |= 1
	}
	return code
}

func (m *matchWriter) numbersOf(table map[string]int, list []string) []int {
	out := make([]int, len(list))
	for i, s := range list {
		out[i] = table[s]
	}
	return out
}

// versionTable numbers the versions of a package in the order in which they come.
type versionTable struct {
	list    []string
	numbers map[string]int
}

func (t *versionTable) number(v string) (n int, fresh bool) {
	n, ok := t.numbers[v]
	if !ok {
		n = len(t.list)
		t.numbers[v] = n
		t.list = append(t.list, v)
	}
	return n, !ok
}

// body writes the entries of a package: its versions, then the records, the shapes
// and the numbers of versions, each together.
func (p *packageWriter) body(entries []packageEntry, shapes map[string]int) []byte {
	table := &versionTable{numbers: make(map[string]int)}
	var records, kinds, versions writer
	last := 0
	for i := range entries {
		e := &entries[i]
		records.number(e.number - last)
		last = e.number
		kinds.number(shapes[string(p.shape(e))])
		for _, r := range e.affected.ranges {
			for _, event := range r.events {
				if event.version != "0" {
					n, fresh := table.number(event.version)
					if fresh {
						versions.number(0)
					} else {
						versions.number(len(table.list) - n)
					}
				}
			}
		}
		if list := e.affected.versions; len(list) > 0 {
			versions.number(len(list))
			before := -1
			for _, v := range list {
				n, _ := table.number(v)
				versions.signed(n - before - 1)
				before = n
			}
		}
	}
	var w writer
	w.number(len(entries))
	w.data = append(w.data, records.data...)
	w.data = append(w.data, kinds.data...)
	w.texts(table.list)
	w.data = append(w.data, versions.data...)
	return w.data
}

// summary numbers a text.
func (m *matchWriter) summary(s string) (n int, fresh bool) {
	n, ok := m.summaries[s]
	if !ok {
		n = len(m.texts)
		m.summaries[s] = n
		m.texts = append(m.texts, s)
	}
	return n, !ok
}

// The bits of a record.
const (
	recordUpstream = 1 << iota
	recordAliases
	recordVectors
	recordCWEs
	recordDay         // published on a day
	recordTime        // published at a time
	recordDate        // published at what is no date that we know
	recordRatingShift = iota
)

// records writes a block of records: flags; ids and links; everything else.
func (m *matchWriter) records(chunk []*record) []byte {
	var flags, ids, rest, w writer
	w.number(len(chunk))
	w.number(len(m.texts)) // summaries before this block
	for _, r := range chunk {
		links := r.links()
		f := slices.Index(ratingOrder, r.rating) << recordRatingShift
		if len(r.upstream) > 0 {
			f |= recordUpstream
			ids.number(len(r.upstream))
		}
		if len(r.aliases) > 0 {
			f |= recordAliases
			ids.number(len(r.aliases))
		}
		for _, id := range links {
			putID(&ids, id, nil, m.prefixes)
		}
		putID(&ids, r.id, links, m.prefixes)
		if len(r.vectors) > 0 {
			f |= recordVectors
			rest.numbers(m.numbersOf(m.vectors, r.vectors))
		}
		if len(r.cwes) > 0 {
			f |= recordCWEs
			rest.numbers(m.numbersOf(m.cwes, r.cwes))
		}
		f |= putDate(&rest, r.published)
		m.putSummary(&rest, r.summary)
		flags.number(f)
	}
	w.text(string(flags.data))
	w.text(string(ids.data))
	w.text(string(rest.data))
	return w.data
}

// putSummary writes the number of a text: 0 for none, 1 for one that was not there
// before, else how far back it stands.
func (m *matchWriter) putSummary(w *writer, s string) {
	if s == "" {
		w.number(0)
		return
	}
	n, fresh := m.summary(s)
	if fresh {
		w.number(1)
		return
	}
	w.number(len(m.texts) - n + 1)
}

// secondsPerDay is a day's length.
const secondsPerDay = 24 * 60 * 60

// putDate writes a date and gives its bit.
func putDate(w *writer, date string) int {
	if date == "" {
		return 0
	}
	t, err := time.Parse(time.RFC3339, date)
	seconds := t.Unix()
	if err != nil || seconds < 0 || t.UTC().Format(time.RFC3339) != date {
		w.text(date)
		return recordDate
	}
	w.number(int(seconds / secondsPerDay))
	if seconds%secondsPerDay == 0 {
		return recordDay
	}
	w.number(int(seconds % secondsPerDay))
	return recordTime
}
