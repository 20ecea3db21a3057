package vulndb

import (
	"fmt"
	"slices"
)

// extraFile reads what writeExtras wrote.
type extraFile struct {
	*blockFile
	kevDate, epssDate string
}

func openExtras(data []byte) (*extraFile, error) {
	f, err := openBlocks(data, kindExtra)
	if err != nil {
		return nil, err
	}
	x := &extraFile{blockFile: f}
	block, err := f.section("dates").block(0, nil)
	if err != nil {
		return nil, err
	}
	r := &reader{data: block}
	x.kevDate, x.epssDate = r.text(), r.text()
	if r.bad {
		return nil, fmt.Errorf("%w (dates)", errDamaged)
	}
	return x, nil
}

// answers are what the file says of CVEs; they implement extras.
type answers struct {
	ids  []uint64 // packed, ascending
	told []answer // of each of them
}

type answer struct {
	kev  *KEV
	epss *EPSS
	err  error
}

// about implements extras.
func (a *answers) about(id string) (*KEV, *EPSS, error) {
	if i, found := a.find(id); found {
		return a.told[i].kev, a.told[i].epss, a.told[i].err
	}
	return nil, nil, nil
}

func (a *answers) find(id string) (int, bool) {
	year, number, ok := cveNumber(id)
	if !ok {
		return 0, false
	}
	return slices.BinarySearch(a.ids, cveID{year: year, number: number}.packed())
}

// fail gives some of the answers an error.
func (a *answers) fail(from, to int, err error) {
	for i := from; i < to; i++ {
		a.told[i].err = err
	}
}

// about gives nil for what is not known of an id.
func (x *extraFile) about(id string) (*KEV, *EPSS, error) {
	return x.ask([]string{id}).about(id)
}

// ask looks many ids up at once: each block is read once, and only what is wanted of it
// is kept. Ids that are no CVEs are known to nobody.
func (x *extraFile) ask(ids []string) *answers {
	a := &answers{ids: make([]uint64, 0, len(ids))}
	for _, id := range ids {
		if year, number, ok := cveNumber(id); ok {
			a.ids = append(a.ids, cveID{year: year, number: number}.packed())
		}
	}
	slices.Sort(a.ids)
	a.ids = slices.Compact(a.ids)
	a.told = make([]answer, len(a.ids))
	if len(a.ids) == 0 {
		return a
	}
	err := x.eachKEV(func(id cveID, added, due []byte, ransomware bool) {
		if i, found := slices.BinarySearch(a.ids, id.packed()); found {
			a.told[i].kev = &KEV{Added: string(added), Due: string(due), Ransomware: ransomware}
		}
	})
	if err != nil {
		a.fail(0, len(a.ids), err)
		return a
	}
	x.score(a)
	return a
}

// score looks up what EPSS says.
func (x *extraFile) score(a *answers) {
	epss := x.section("epss")
	rows := make([]int32, len(a.ids)) // of the table, and one; 0 for none
	b := &scoreBlock{}
	key := packedKey(a.ids[0])
	for start := 0; start < len(a.ids); {
		n := epss.find(key)
		end := start + 1
		for ; end < len(a.ids); end++ {
			key = packedKey(a.ids[end])
			if n+1 < len(epss.blocks) && key >= epss.blocks[n+1].key {
				break
			}
		}
		if n >= 0 {
			if err := b.read(epss, n); err != nil {
				a.fail(start, end, err)
			} else {
				b.find(a.ids[start:end], rows[start:end])
			}
		}
		start = end
	}
	x.weigh(a, rows)
}

// weigh reads the rows of the table that are wanted.
func (x *extraFile) weigh(a *answers, rows []int32) {
	wanted := slices.DeleteFunc(slices.Clone(rows), func(row int32) bool { return row == 0 })
	if len(wanted) == 0 {
		return
	}
	slices.Sort(wanted)
	wanted = slices.Compact(wanted)
	scores := make([]EPSS, len(wanted))
	err := x.eachScore(func(row int) *EPSS {
		if i, found := slices.BinarySearch(wanted, int32(row+1)); found {
			return &scores[i]
		}
		return nil
	}, int(wanted[len(wanted)-1]))
	for i, row := range rows {
		switch {
		case row == 0:
		case err != nil:
			a.told[i].err = err
		default:
			at, _ := slices.BinarySearch(wanted, row)
			a.told[i].epss = &scores[at]
		}
	}
}

// eachKEV hands the entries of KEV to use, which keeps nothing of the dates.
func (x *extraFile) eachKEV(use func(id cveID, added, due []byte, ransomware bool)) error {
	return x.section("kev").read(0, func(k *kept) error {
		r := &reader{data: k.data}
		var added, due []byte
		for range r.rows() {
			id := cveID{year: r.number(), number: r.number()}
			added, due = r.unfold(added), r.unfold(due)
			ransomware := r.number() == 1
			if r.bad {
				break
			}
			use(id, added, due, ransomware)
		}
		if r.bad {
			return fmt.Errorf("%w (list of exploited vulnerabilities)", errDamaged)
		}
		return nil
	})
}

// unfold puts a text together in the memory of the one before.
func (r *reader) unfold(before []byte) []byte {
	shared, rest := r.folded(len(before))
	return append(before[:shared], rest...)
}

// eachScore fills in the rows of the table for which place gives one. There have to be
// at least so many rows.
func (x *extraFile) eachScore(place func(row int) *EPSS, least int) error {
	return x.section("scores").read(0, func(k *kept) error {
		r := &reader{data: k.data}
		scale := max(r.number(), 1)
		dates := r.texts()
		n := r.rows()
		sum := 0
		for row := range n {
			sum += r.number()
			if e := place(row); e != nil {
				e.Score = unscaled(sum, scale)
			}
		}
		sum = 0
		for row := range n {
			sum += r.signed()
			if e := place(row); e != nil {
				e.Percentile = unscaled(sum, scale)
			}
		}
		for row := range n {
			number := r.number()
			if e := place(row); e != nil {
				e.Date = at(r, dates, number)
			}
		}
		if r.bad || n < least {
			return fmt.Errorf("%w (table of scores)", errDamaged)
		}
		return nil
	})
}

// scoreBlock is a block of CVEs with the numbers of their scores; the next one is read
// into its memory.
type scoreBlock struct {
	ids  []uint64 // packed
	rows []int32  // of the table
}

func (b *scoreBlock) read(epss *section, n int) error {
	return epss.read(n, func(k *kept) error {
		r := &reader{data: k.data}
		count := r.rows()
		b.ids, b.rows = slices.Grow(b.ids[:0], count)[:count], slices.Grow(b.rows[:0], count)[:count]
		year, number := 0, 0
		for i := range b.ids {
			years, step := r.number(), r.number()
			if years > 0 {
				number = 0
			}
			year, number = year+years, number+step
			b.ids[i] = cveID{year: year, number: number}.packed()
		}
		for i := range b.rows {
			b.rows[i] = int32(r.byte())
		}
		for i := range b.rows {
			b.rows[i] += int32(min(r.number(), 1<<22) << 8)
		}
		if r.bad {
			return fmt.Errorf("%w (scores, block %d: %w)", errDamaged, n, errBlock)
		}
		return nil
	})
}

// find gives the row of each id, and one; 0 for an id that is not there.
func (b *scoreBlock) find(ids []uint64, rows []int32) {
	for i, id := range ids {
		if at, found := slices.BinarySearch(b.ids, id); found {
			rows[i] = b.rows[at] + 1
		}
	}
}

// whole reads everything, to be written again with what is newer.
func (x *extraFile) whole() (*enrichment, error) {
	e := &enrichment{kevDate: x.kevDate, epssDate: x.epssDate}
	kev := make(map[string]KEV)
	err := x.eachKEV(func(id cveID, added, due []byte, ransomware bool) {
		kev[cveText(id)] = KEV{Added: string(added), Due: string(due), Ransomware: ransomware}
	})
	if err != nil {
		return nil, err
	}
	if x.kevDate != "" || len(kev) > 0 {
		e.kev = kev
	}
	if x.epssDate == "" {
		return e, nil
	}
	e.epss, err = x.allScores()
	return e, err
}

func (x *extraFile) allScores() (map[string]EPSS, error) {
	all := make(map[string]EPSS)
	var table []EPSS
	err := x.eachScore(func(row int) *EPSS {
		if row == len(table) {
			table = append(table, EPSS{})
		}
		return &table[row]
	}, 0)
	if err != nil {
		return nil, err
	}
	b := &scoreBlock{}
	for n := range x.section("epss").blocks {
		if err := b.read(x.section("epss"), n); err != nil {
			return nil, err
		}
		for i, id := range b.ids {
			if int(b.rows[i]) >= len(table) {
				return nil, fmt.Errorf("%w (scores, block %d: %w)", errDamaged, n, errBlock)
			}
			all[cveText(cveID{year: int(id >> 32), number: int(uint32(id))})] = table[b.rows[i]]
		}
	}
	return all, nil
}
