package vulndb

import (
	"strconv"
	"strings"
)

// Ids make up much of what cannot be compressed, so they are packed: those with a
// year and a number as two numbers behind a prefix from a table, GitHub's as the
// number that their letters spell, a distribution's for a CVE as the CVE and a
// prefix.
const (
	idText   = iota // the text
	idPadded        // prefix, year, number of at least four digits
	idPlain         // prefix, year, number
	idGitHub        // GHSA-xxxx-xxxx-xxxx
	idLinked        // prefix and the first of the record's links
	idKinds
)

// idCode is an id as it is written.
type idCode struct {
	kind, prefix int
	year, number int
	start, end   int // of its text in what it is read from
}

// numberedID takes an id apart: "CVE-2024-0012" into "CVE-*-", 2024 and 12.
func numberedID(id string) (prefix string, code idCode, ok bool) {
	end := len(id)
	for end > 0 && id[end-1] >= '0' && id[end-1] <= '9' {
		end--
	}
	if end < 6 || len(id)-end > 9 || end == len(id) || id[end-1] != '-' && id[end-1] != ':' {
		return "", idCode{}, false
	}
	year, err1 := strconv.Atoi(id[end-5 : end-1])
	number, err2 := strconv.Atoi(id[end:])
	prefix = id[:end-5] + "*" + id[end-1:end]
	if err1 != nil || err2 != nil || year < 1000 || strings.Count(prefix, "*") != 1 {
		return "", idCode{}, false
	}
	for _, kind := range []int{idPadded, idPlain} {
		code = idCode{kind: kind, year: year, number: number}
		if code.numbered(prefix) == id {
			return prefix, code, true
		}
	}
	return "", idCode{}, false
}

func (c *idCode) numbered(prefix string) string {
	return string(c.appendNumbered(make([]byte, 0, len(prefix)+13), prefix))
}

func (c *idCode) appendNumbered(id []byte, prefix string) []byte {
	before, separator, _ := strings.Cut(prefix, "*")
	id = append(id, before...)
	id = strconv.AppendInt(id, int64(c.year), 10)
	id = append(id, separator...)
	if c.kind == idPadded {
		for least := 1000; least > max(c.number, 1); least /= 10 {
			id = append(id, '0')
		}
	}
	return strconv.AppendInt(id, int64(c.number), 10)
}

// The letters of GitHub's ids; 20 of them to the twelfth fit into seven bytes.
const (
	gitHubLetters = "23456789cfghjmpqrvwx"
	gitHubPacked  = 7
)

func packGitHub(id string) ([]byte, bool) {
	rest, ok := strings.CutPrefix(id, "GHSA-")
	if !ok || len(rest) != 14 || rest[4] != '-' || rest[9] != '-' {
		return nil, false
	}
	n := uint64(0)
	for i := range len(rest) {
		if i == 4 || i == 9 {
			continue
		}
		digit := strings.IndexByte(gitHubLetters, rest[i])
		if digit < 0 {
			return nil, false
		}
		n = n*uint64(len(gitHubLetters)) + uint64(digit)
	}
	out := make([]byte, gitHubPacked)
	for i := range out {
		out[i] = byte(n >> (8 * i))
	}
	return out, true
}

func appendGitHub(id, packed []byte) []byte {
	n := uint64(0)
	for i, b := range packed {
		n |= uint64(b) << (8 * i)
	}
	start := len(id)
	id = append(id, "GHSA-....-....-...."...)
	for i := len(id) - 1; i >= start+5; i-- {
		if id[i] == '.' {
			id[i] = gitHubLetters[n%uint64(len(gitHubLetters))]
			n /= uint64(len(gitHubLetters))
		}
	}
	return id
}

// prefixOf is what an id needs of the table of prefixes; links are the record's.
func prefixOf(id string, links []string) (string, bool) {
	if before, ok := linkedID(id, links); ok {
		return before, true
	}
	prefix, _, ok := numberedID(id)
	return prefix, ok
}

func linkedID(id string, links []string) (prefix string, ok bool) {
	if len(links) == 0 {
		return "", false
	}
	return strings.CutSuffix(id, links[0])
}

// putID writes an id. prefixes holds what prefixOf gave for it.
func putID(w *writer, id string, links []string, prefixes map[string]int) {
	if before, ok := linkedID(id, links); ok {
		w.number(prefixes[before]*idKinds + idLinked)
		return
	}
	if prefix, code, ok := numberedID(id); ok {
		w.number(prefixes[prefix]*idKinds + code.kind)
		w.number(code.year)
		w.number(code.number)
		return
	}
	if packed, ok := packGitHub(id); ok {
		w.number(idGitHub)
		w.data = append(w.data, packed...)
		return
	}
	w.number(idText)
	w.text(id)
}

func readID(r *reader) (c idCode) {
	n := r.number()
	c.kind, c.prefix = n%idKinds, n/idKinds
	size := 0
	switch c.kind {
	case idPadded, idPlain:
		c.year, c.number = r.number(), r.number()
		return c
	case idLinked:
		return c
	case idGitHub:
		size = gitHubPacked
	case idText:
		size = r.count()
	}
	c.start, c.end = r.pos, r.pos+size
	r.bytes(size)
	return c
}

// append spells the id out. r is what it was read from, link the first of the
// record's links.
func (c *idCode) append(to []byte, r *reader, prefixes []string, link []byte) []byte {
	switch c.kind {
	case idPadded, idPlain:
		return c.appendNumbered(to, at(r, prefixes, c.prefix))
	case idGitHub:
		return appendGitHub(to, r.data[c.start:c.end])
	case idLinked:
		return append(append(to, at(r, prefixes, c.prefix)...), link...)
	}
	return append(to, r.data[c.start:c.end]...)
}
