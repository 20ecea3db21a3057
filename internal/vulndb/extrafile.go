package vulndb

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"sync"

	"github.com/klauspost/compress/zstd"
)

// The file of KEV and EPSS has these sections: "dates", one block with the dates of
// both; "scores", one block with each score once, ascending: many CVEs have the same
// one; "kev", one block; "epss", scoresPerBlock CVEs in ascending order in a block,
// with the number of their score.
const scoresPerBlock = 4096

// The scales of probabilities: FIRST gives five digits, older lists nine.
const (
	scale5 = 100_000
	scale9 = 1_000_000_000
)

// writeExtras makes the file. Ids that are no CVEs are left out: both lists have
// none.
func writeExtras(e *enrichment, built int64) ([]byte, error) {
	file, err := newFileWriter(kindExtra, zstd.SpeedBestCompression)
	if err != nil {
		return nil, err
	}
	ids := sortedCVEs(maps.Keys(e.epss))
	rows := make(map[EPSS]int)
	for _, id := range ids {
		rows[e.epss[id.text]] = 0
	}
	list := slices.SortedFunc(maps.Keys(rows), func(a, b EPSS) int {
		return cmp.Or(cmp.Compare(a.Score, b.Score), cmp.Compare(a.Percentile, b.Percentile), strings.Compare(a.Date, b.Date))
	})
	for i, row := range list {
		rows[row] = i
	}
	var w writer
	w.text(e.kevDate)
	w.text(e.epssDate)
	file.section("dates").block("", w.data)
	file.section("scores").block("", scoreTable(list))
	file.section("kev").block("", kevBlock(e))
	scores := file.section("epss")
	for chunk := range slices.Chunk(ids, scoresPerBlock) {
		scores.block(cveKey(chunk[0].year, chunk[0].number), scoreBlockOf(chunk, e, rows))
	}
	return file.bytes(built), nil
}

// scoreTable writes the distinct scores.
func scoreTable(list []EPSS) []byte {
	scale := scale5
	dates := tally{}
	for _, row := range list {
		dates.add(row.Date)
		if unscaled(scaled(row.Score, scale5), scale5) != row.Score || unscaled(scaled(row.Percentile, scale5), scale5) != row.Percentile {
			scale = scale9
		}
	}
	dateList, dateNumbers := dates.table()
	var w writer
	w.number(scale)
	w.texts(dateList)
	w.number(len(list))
	score := 0
	for _, row := range list {
		n := scaled(row.Score, scale)
		w.number(n - score)
		score = n
	}
	percentile := 0
	for _, row := range list {
		n := scaled(row.Percentile, scale)
		w.signed(n - percentile)
		percentile = n
	}
	for _, row := range list {
		w.number(dateNumbers[row.Date])
	}
	return w.data
}

func scoreBlockOf(chunk []cveID, e *enrichment, rows map[EPSS]int) []byte {
	var w writer
	w.number(len(chunk))
	year, number := 0, 0
	for _, id := range chunk {
		if id.year != year {
			number = 0
		}
		w.number(id.year - year)
		w.number(id.number - number)
		year, number = id.year, id.number
	}
	for _, id := range chunk { // two columns: the low halves do not compress
		w.data = append(w.data, byte(rows[e.epss[id.text]]))
	}
	for _, id := range chunk {
		w.number(rows[e.epss[id.text]] >> 8)
	}
	return w.data
}

// scaled is at least 0 and at most scale.
func scaled(p float64, scale int) int {
	return int(math.Round(min(max(p, 0), 1) * float64(scale)))
}

func unscaled(n, scale int) float64 { return float64(n) / float64(scale) }

type cveID struct {
	year, number int
	text         string
}

// packed puts year and number into one, in the same order.
func (c cveID) packed() uint64 { return uint64(c.year)<<32 | uint64(c.number) }

func (c cveID) compare(other cveID) int {
	return cmp.Or(cmp.Compare(c.year, other.year), cmp.Compare(c.number, other.number))
}

func sortedCVEs(ids func(func(string) bool)) []cveID {
	var out []cveID
	for id := range ids {
		if year, number, ok := cveNumber(id); ok {
			out = append(out, cveID{year, number, id})
		}
	}
	slices.SortFunc(out, cveID.compare)
	return out
}

func kevBlock(e *enrichment) []byte {
	ids := sortedCVEs(maps.Keys(e.kev))
	var w writer
	w.number(len(ids))
	added, due := "", ""
	for _, id := range ids {
		k := e.kev[id.text]
		w.number(id.year)
		w.number(id.number)
		w.after(added, k.Added)
		w.after(due, k.Due)
		added, due = k.Added, k.Due
		if k.Ransomware {
			w.number(1)
		} else {
			w.number(0)
		}
	}
	return w.data
}

// extraFile reads what writeExtras wrote; it implements extras.
type extraFile struct {
	*blockFile
	kevDate, epssDate string
	kev               func() (map[cveID]KEV, error)
	table             func() ([]EPSS, error)
	mu                sync.Mutex
	unpacked          map[int]*scoreBlock
}

type scoreBlock struct {
	ids  []uint64 // packed
	rows []int32  // of the table
}

func openExtras(data []byte) (*extraFile, error) {
	f, err := openBlocks(data, kindExtra)
	if err != nil {
		return nil, err
	}
	x := &extraFile{blockFile: f, unpacked: make(map[int]*scoreBlock)}
	block, err := f.section("dates").block(0, nil)
	if err != nil {
		return nil, err
	}
	r := &reader{data: block}
	x.kevDate, x.epssDate = r.text(), r.text()
	if r.bad {
		return nil, fmt.Errorf("%w (dates)", errDamaged)
	}
	x.kev = sync.OnceValues(x.readKEV)
	x.table = sync.OnceValues(x.readTable)
	return x, nil
}

func (x *extraFile) readTable() ([]EPSS, error) {
	data, err := x.section("scores").block(0, nil)
	if err != nil {
		return nil, err
	}
	r := &reader{data: data}
	scale := max(r.number(), 1)
	dates := r.texts()
	list := make([]EPSS, r.rows())
	score, percentile := 0, 0
	for i := range list {
		score += r.number()
		list[i].Score = unscaled(score, scale)
	}
	for i := range list {
		percentile += r.signed()
		list[i].Percentile = unscaled(percentile, scale)
	}
	for i := range list {
		list[i].Date = at(r, dates, r.number())
	}
	if r.bad {
		return nil, fmt.Errorf("%w (table of scores)", errDamaged)
	}
	return list, nil
}

func (x *extraFile) readKEV() (map[cveID]KEV, error) {
	data, err := x.section("kev").block(0, nil)
	if err != nil {
		return nil, err
	}
	r := &reader{data: data}
	n := r.rows()
	all := make(map[cveID]KEV, n)
	added, due := "", ""
	for range n {
		id := cveID{year: r.number(), number: r.number()}
		added, due = r.after(added), r.after(due)
		all[id] = KEV{Added: added, Due: due, Ransomware: r.number() == 1}
	}
	if r.bad {
		return nil, fmt.Errorf("%w (list of exploited vulnerabilities)", errDamaged)
	}
	return all, nil
}

// about implements extras.
func (x *extraFile) about(id string) (*KEV, *EPSS, error) {
	year, number, ok := cveNumber(id)
	if !ok {
		return nil, nil, nil
	}
	cve := cveID{year: year, number: number}
	exploited, err := x.kev()
	if err != nil {
		return nil, nil, err
	}
	var kev *KEV
	if k, ok := exploited[cve]; ok {
		kev = &k
	}
	n := x.section("epss").find(cveKey(year, number))
	if n < 0 {
		return kev, nil, nil
	}
	b, err := x.scores(n)
	if err != nil {
		return nil, nil, err
	}
	i, found := slices.BinarySearch(b.ids, cve.packed())
	if !found {
		return kev, nil, nil
	}
	table, err := x.table()
	if err != nil {
		return nil, nil, err
	}
	if int(b.rows[i]) >= len(table) {
		return nil, nil, fmt.Errorf("%w (scores, block %d: %w)", errDamaged, n, errBlock)
	}
	row := table[b.rows[i]]
	return kev, &row, nil
}

// scores unpacks a block once.
func (x *extraFile) scores(n int) (*scoreBlock, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if b := x.unpacked[n]; b != nil {
		return b, nil
	}
	data, err := x.section("epss").block(n, nil)
	if err != nil {
		return nil, err
	}
	r := &reader{data: data}
	count := r.rows()
	b := &scoreBlock{ids: make([]uint64, count), rows: make([]int32, count)}
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
		return nil, fmt.Errorf("%w (scores, block %d: %w)", errDamaged, n, errBlock)
	}
	x.unpacked[n] = b
	return b, nil
}

// whole reads everything, to be written again with what is newer.
func (x *extraFile) whole() (*enrichment, error) {
	kev, err := x.kev()
	if err != nil {
		return nil, err
	}
	e := &enrichment{kevDate: x.kevDate, epssDate: x.epssDate}
	if x.kevDate != "" {
		e.kev = make(map[string]KEV, len(kev))
	}
	for id, k := range kev {
		e.kev[cveText(id)] = k
	}
	if x.epssDate == "" {
		return e, nil
	}
	table, err := x.table()
	if err != nil {
		return nil, err
	}
	e.epss = make(map[string]EPSS)
	for n := range x.section("epss").blocks {
		b, err := x.scores(n)
		if err != nil {
			return nil, err
		}
		for i, id := range b.ids {
			if int(b.rows[i]) >= len(table) {
				return nil, fmt.Errorf("%w (scores, block %d: %w)", errDamaged, n, errBlock)
			}
			e.epss[cveText(cveID{year: int(id >> 32), number: int(uint32(id))})] = table[b.rows[i]]
		}
	}
	return e, nil
}

// cveText spells out the id of a CVE, as cveNumber took it apart.
func cveText(id cveID) string {
	code := idCode{kind: idPadded + id.number&1, year: id.year, number: id.number >> 1}
	return code.numbered("CVE-*-")
}
