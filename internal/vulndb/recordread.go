package vulndb

import (
	"fmt"
	"slices"
	"time"
)

// tell gives entries their records, all but what complete adds. numbers are those of
// the records, ascending.
func (f *familyFile) tell(entries []entry, numbers []int, made *madeEntries) error {
	distinct := 0
	for i := range numbers {
		if i == 0 || numbers[i] != numbers[i-1] {
			distinct++
		}
	}
	records := slices.Grow(made.records[:0], distinct)
	made.records = records
	for start := 0; start < len(numbers); {
		block := numbers[start] / recordsPerBlock
		end := start
		for end < len(numbers) && numbers[end]/recordsPerBlock == block {
			end++
		}
		err := f.records.read(block, func(k *kept) error {
			rows := k.from(numbers[start] % recordsPerBlock)
			for i := start; i < end; i++ {
				if i == start || numbers[i] != numbers[i-1] {
					records = append(records, record{})
					rows.next(numbers[i]%recordsPerBlock, &records[len(records)-1], f.tables, &f.spelled)
				}
				entries[i].record = &records[len(records)-1]
			}
			if rows.rest.bad {
				return f.damagedRecords(block)
			}
			return nil
		})
		if err != nil {
			return err
		}
		start = end
	}
	return nil
}

func (f *familyFile) damagedRecords(block int) error {
	return fmt.Errorf("%w (records of %s, block %d: %w)", errDamaged, shownSection(f.family), block, errBlock)
}

// complete implements store, for asking.
func (f *familyFile) complete(hits []hit) error {
	for i := range hits {
		rec := hits[i].record
		if !hits[i].in {
			continue
		}
		if rec.published == "" && rec.since >= 0 {
			rec.published = time.Unix(rec.since, 0).UTC().Format(time.RFC3339)
		}
		if rec.text < 0 || rec.summary != "" {
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

// rowReader walks over a block of records, forwards only. rest is bad where anything
// is.
type rowReader struct {
	flags, ids, rest reader
	rows, row        int // how many there are, and which is next
	texts            int // summaries before that one
}

// from gives the rows of a block from one on, or from before that on: packages are asked
// for in their order, and so are their records.
func (k *kept) from(row int) *rowReader {
	if k.rows.rows == 0 || k.rows.row > row || k.rows.rest.bad {
		k.rows = openRows(k.data)
	}
	return &k.rows
}

// openRows gives the rows of a block.
func openRows(data []byte) rowReader {
	r := &reader{data: data}
	w := rowReader{rows: r.number(), texts: r.number()}
	w.flags.data, w.ids.data, w.rest.data = r.bytes(r.count()), r.bytes(r.count()), r.bytes(r.count())
	if r.bad {
		w.rest.fail()
	}
	return w
}

// next reads a row that is not behind what was read.
func (w *rowReader) next(row int, rec *record, t *tables, s *spelling) {
	for w.row < row && !w.rest.bad {
		w.skip()
	}
	if w.row != row || row >= w.rows {
		w.rest.fail()
		return
	}
	w.read(rec, t, s)
}

// skip steps over a row.
func (w *rowReader) skip() {
	flags := w.flags.number()
	links := 0
	if flags&recordUpstream != 0 {
		links += w.ids.count()
	}
	if flags&recordAliases != 0 {
		links += w.ids.count()
	}
	for range links + 1 {
		readID(&w.ids)
	}
	if flags&recordVectors != 0 {
		w.rest.skipNumbers()
	}
	if flags&recordCWEs != 0 {
		w.rest.skipNumbers()
	}
	w.published(flags)
	w.summary()
	w.done()
}

func (w *rowReader) done() {
	w.row++
	if w.flags.bad || w.ids.bad {
		w.rest.fail()
	}
}

// published reads the date of a row: a text, or seconds since 1970, -1 for none.
func (w *rowReader) published(flags int) (text []byte, since int64) {
	switch {
	case flags&recordDate != 0:
		return w.rest.bytes(w.rest.count()), -1
	case flags&recordTime != 0:
		day := w.rest.number()
		return nil, int64(day)*secondsPerDay + int64(w.rest.number())
	case flags&recordDay != 0:
		return nil, int64(w.rest.number()) * secondsPerDay
	}
	return nil, -1
}

// summary gives the number of a row's summary, -1 for none.
func (w *rowReader) summary() int {
	switch back := w.rest.number(); back {
	case 0:
		return -1
	case 1:
		w.texts++
		return w.texts - 1
	default:
		return w.texts - back + 1
	}
}

func (w *rowReader) read(rec *record, t *tables, s *spelling) {
	flags := w.flags.number()
	upstream, aliases := 0, 0
	if flags&recordUpstream != 0 {
		upstream = w.ids.count()
	}
	if flags&recordAliases != 0 {
		aliases = w.ids.count()
	}
	links := s.ids(&w.ids, upstream+aliases, t.prefixes, rec)
	if len(links) > 0 {
		n := min(upstream, len(links))
		rec.upstream, rec.aliases = links[:n:n], links[n:]
	}
	rec.rating = at(&w.rest, ratingOrder, flags>>recordRatingShift)
	if flags&recordVectors != 0 {
		rec.vectors = w.rest.picked(t.vectors)
	}
	if flags&recordCWEs != 0 {
		rec.cwes = w.rest.picked(t.cwes)
	}
	text, since := w.published(flags)
	rec.published, rec.since = string(text), since
	rec.text = w.summary()
	w.done()
}

// skipNumbers steps over what numbers reads.
func (r *reader) skipNumbers() {
	for range r.count() {
		r.number()
	}
}

// picked reads a list of elements of a table.
func (r *reader) picked(table []string) []string {
	n := r.count()
	out := make([]string, 0, n)
	for range n {
		out = append(out, at(r, table, r.number()))
	}
	return out
}

// spelling spells out ids, in memory that is used again.
type spelling struct {
	text []byte
	ends []int
}

// ids reads the links of a record and its id, which share one piece of memory.
func (s *spelling) ids(r *reader, links int, prefixes []string, rec *record) []string {
	s.text, s.ends = s.text[:0], s.ends[:0]
	first := 0
	for i := range links + 1 {
		code := readID(r)
		if r.bad {
			return nil
		}
		if i == 1 {
			first = len(s.text)
		}
		if code.kind == idLinked && (links == 0 || i < links) {
			r.fail() // only an id leans on a link, and only where there is one
			return nil
		}
		before := len(s.text)
		s.text = code.append(s.text, r, prefixes, s.text[:first])
		if r.unfolded += len(s.text) - before; r.unfolded > maxUnfolded { // each can name a long prefix
			r.fail()
			return nil
		}
		s.ends = append(s.ends, len(s.text))
	}
	all := string(s.text)
	rec.id = all
	if links == 0 {
		return nil
	}
	out := make([]string, links)
	start := 0
	for i, end := range s.ends[:links] {
		out[i] = all[start:end]
		start = end
	}
	rec.id = all[start:]
	return out
}
