package vulndb

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"strings"

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

// cveText spells out the id of a CVE, as cveNumber took it apart.
func cveText(id cveID) string {
	code := idCode{kind: idPadded + id.number&1, year: id.year, number: id.number >> 1}
	return code.numbered("CVE-*-")
}
