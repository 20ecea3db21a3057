package vulndb

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"unicode/utf8"
)

// decoder reads records; it belongs to one goroutine. What sources repeat over and
// over (names, versions, ratings) it keeps once.
type decoder struct {
	// whole asks for details and references too.
	whole   bool
	strings map[string]*string
	said    map[string]said
	scratch osvRecord // what only lives until the record is made is used again
	buffer  []byte    // the same
}

// said is what one of the fields says that sources fill in their own ways.
type said struct {
	rating    string
	statement string
	vectors   []string
	cwes      []string
}

// The bounds of what a decoder keeps.
const (
	maxKept     = 1 << 20
	maxSaid     = 1 << 16
	maxSaidText = 512
)

func newDecoder(whole bool) *decoder {
	return &decoder{whole: whole, strings: make(map[string]*string), said: make(map[string]said)}
}

// keep gives a string that is stored once however often it comes.
func (d *decoder) keep(b []byte) *string {
	if s, ok := d.strings[string(b)]; ok {
		return s
	}
	if len(d.strings) >= maxKept {
		clear(d.strings)
	}
	s := string(b)
	d.strings[s] = &s
	return &s
}

// says reads a field by read, once for each text of it.
func (d *decoder) says(kind byte, raw json.RawMessage, read func(json.RawMessage) said) said {
	if len(raw) == 0 {
		return said{}
	}
	if len(raw) > maxSaidText {
		return read(raw)
	}
	var key [maxSaidText + 1]byte
	key[0] = kind
	n := 1 + copy(key[1:], raw)
	if s, ok := d.said[string(key[:n])]; ok {
		return s
	}
	if len(d.said) >= maxSaid {
		clear(d.said)
	}
	s := read(raw)
	s.vectors, s.cwes = slices.Clip(s.vectors), slices.Clip(s.cwes)
	d.said[string(key[:n])] = s
	return s
}

func (d *decoder) severity(raw json.RawMessage) said {
	return d.says('s', raw, func(raw json.RawMessage) said {
		vectors, word := severities(raw)
		return said{rating: word, vectors: vectors}
	})
}

func (d *decoder) own(raw json.RawMessage) said {
	return d.says('o', raw, func(raw json.RawMessage) said {
		s := said{rating: ratingOf(raw), statement: statementOf(raw), cwes: cwesOf(raw)}
		if vector := cvssOf(raw); vector != "" {
			s.vectors = []string{vector}
		}
		return s
	})
}

// quick reads a record of the expected shape. It is false for everything else, for
// damage and for odd but valid JSON alike: encoding/json, which takes four times as
// long, then says what it is. The record is valid until the next one.
func (d *decoder) quick(data []byte) (raw osvRecord, ok bool) {
	if !utf8.Valid(data) {
		return osvRecord{}, false
	}
	q := &quickReader{data: data, d: d}
	raw.Affected = d.scratch.Affected[:0]
	q.record(&raw)
	d.scratch.Affected = raw.Affected
	q.space()
	return raw, !q.odd && q.at == len(data)
}

// quickReader walks over JSON. Once odd is set nothing that it gave counts.
type quickReader struct {
	data  []byte
	at    int
	odd   bool
	depth int
	d     *decoder
}

func (q *quickReader) space() {
	for q.at < len(q.data) {
		switch q.data[q.at] {
		case ' ', '\n', '\t', '\r':
			q.at++
		default:
			return
		}
	}
}

// next gives the first byte of what comes, 0 at the end.
func (q *quickReader) next() byte {
	q.space()
	if q.at >= len(q.data) {
		q.odd = true
		return 0
	}
	return q.data[q.at]
}

func (q *quickReader) expect(c byte) {
	if q.next() != c {
		q.odd = true
		return
	}
	q.at++
}

// null steps over a null.
func (q *quickReader) null() bool {
	if q.next() == 'n' {
		q.word("null")
		return true
	}
	return false
}

func (q *quickReader) word(w string) {
	if len(q.data)-q.at < len(w) || string(q.data[q.at:q.at+len(w)]) != w {
		q.odd = true
		return
	}
	q.at += len(w)
}

// list calls item before each element of an array.
func (q *quickReader) list(item func()) {
	if q.null() {
		return
	}
	q.expect('[')
	if q.next() == ']' {
		q.at++
		return
	}
	for !q.odd {
		item()
		if q.next() == ']' {
			q.at++
			return
		}
		q.expect(',')
	}
}

// object calls field with each key, which says whether it has read the value; else
// the value is stepped over. A key that comes twice, or that encoding/json takes
// for one of the names although its case differs, is odd.
func (q *quickReader) object(names []string, field func(name int)) {
	if q.null() {
		return
	}
	q.expect('{')
	if q.next() == '}' {
		q.at++
		return
	}
	seen := 0
	for !q.odd {
		key, plain := q.rawString()
		q.expect(':')
		if q.odd || !plain {
			q.odd = true
			return
		}
		if n := q.name(names, key); n >= 0 {
			q.odd = q.odd || seen&(1<<n) != 0
			seen |= 1 << n
			field(n)
		} else {
			q.skip()
		}
		if q.next() == '}' {
			q.at++
			return
		}
		q.expect(',')
	}
}

func (q *quickReader) name(names []string, key []byte) int {
	for n, name := range names {
		if len(name) != len(key) {
			continue
		}
		if string(key) == name {
			return n
		}
		q.odd = q.odd || strings.EqualFold(string(key), name)
	}
	for _, c := range key { // folding can make letters of it
		q.odd = q.odd || c >= utf8.RuneSelf
	}
	return -1
}

// rawString gives what is between the quotes; plain says that nothing is escaped.
func (q *quickReader) rawString() (text []byte, plain bool) {
	q.expect('"')
	start := q.at
	plain = true
	for q.at < len(q.data) {
		switch c := q.data[q.at]; {
		case c == '"':
			q.at++
			return q.data[start : q.at-1], plain
		case c == '\\':
			plain = false
			q.escape()
		case c < ' ':
			q.odd = true
			return nil, false
		default:
			q.at++
		}
	}
	q.odd = true
	return nil, false
}

// escape steps over a backslash and what belongs to it.
func (q *quickReader) escape() {
	rest := q.data[q.at+1:]
	switch {
	case len(rest) > 0 && strings.IndexByte(`"\/bfnrt`, rest[0]) >= 0:
		q.at += 2
	case len(rest) > 4 && rest[0] == 'u' && isHex(rest[1:5]):
		q.at += 6
	default:
		q.odd = true
		q.at = len(q.data)
	}
}

func isHex(b []byte) bool {
	for _, c := range b {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') && (c < 'A' || c > 'F') {
			return false
		}
	}
	return true
}

// text reads a string that is not likely to come again; null leaves it as it is.
func (q *quickReader) text(s *string) {
	if q.null() {
		return
	}
	raw, plain := q.rawString()
	if plain {
		*s = string(raw)
		return
	}
	*s = q.unescape(raw)
}

// kept reads a string that many records have.
func (q *quickReader) kept(s *string) {
	if q.null() {
		return
	}
	raw, plain := q.rawString()
	if plain {
		*s = *q.d.keep(raw)
		return
	}
	*s = q.unescape(raw)
}

func (q *quickReader) keptPointer(p **string) {
	if q.null() {
		return
	}
	raw, plain := q.rawString()
	if plain {
		*p = q.d.keep(raw)
		return
	}
	s := q.unescape(raw)
	*p = &s
}

func (q *quickReader) texts(list *[]string) {
	q.list(func() {
		var s string
		q.kept(&s)
		*list = append(*list, s)
	})
}

// unescape reads a string with escapes. Halves of characters are left to
// encoding/json.
func (q *quickReader) unescape(raw []byte) string {
	out := make([]byte, 0, len(raw))
	for i := 0; i < len(raw); i++ {
		if raw[i] != '\\' {
			out = append(out, raw[i])
			continue
		}
		if i++; i >= len(raw) {
			q.odd = true
			return ""
		}
		if raw[i] != 'u' {
			out = append(out, unescaped(raw[i]))
			continue
		}
		r := rune(0)
		for _, c := range raw[i+1 : i+5] {
			r = r<<4 | rune(hexValue(c))
		}
		if r >= 0xd800 && r < 0xe000 {
			q.odd = true
		}
		out = utf8.AppendRune(out, r)
		i += 4
	}
	return string(out)
}

func unescaped(c byte) byte {
	switch c {
	case 'b':
		return '\b'
	case 'f':
		return '\f'
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	}
	return c
}

func hexValue(c byte) byte {
	switch {
	case c <= '9':
		return c - '0'
	case c <= 'F':
		return c - 'A' + 10
	}
	return c - 'a' + 10
}

// raw keeps a value for later; it is valid as long as the data are.
func (q *quickReader) raw(m *json.RawMessage) {
	q.space()
	start := q.at
	q.skip()
	if !q.odd {
		*m = q.data[start:q.at]
	}
}

// maxQuickDepth is far below the depth at which encoding/json gives up.
const maxQuickDepth = 100

// skip steps over a value and is as strict as if it were read.
func (q *quickReader) skip() {
	if q.depth++; q.depth > maxQuickDepth {
		q.odd = true
	}
	switch c := q.next(); {
	case q.odd:
	case c == '"':
		q.rawString()
	case c == '{':
		q.skipObject()
	case c == '[':
		q.list(q.skip)
	case c == 't':
		q.word("true")
	case c == 'f':
		q.word("false")
	case c == 'n':
		q.word("null")
	default:
		q.number()
	}
	q.depth--
}

func (q *quickReader) skipObject() {
	q.expect('{')
	if q.next() == '}' {
		q.at++
		return
	}
	for !q.odd {
		q.rawString()
		q.expect(':')
		q.skip()
		if q.next() == '}' {
			q.at++
			return
		}
		q.expect(',')
	}
}

func (q *quickReader) number() {
	q.optional("-")
	if q.optional("0") == 0 && q.digits() == 0 {
		q.odd = true
	}
	if q.optional(".") > 0 && q.digits() == 0 {
		q.odd = true
	}
	if q.optional("eE") > 0 {
		q.optional("+-")
		if q.digits() == 0 {
			q.odd = true
		}
	}
}

func (q *quickReader) optional(set string) int {
	if q.at < len(q.data) && strings.IndexByte(set, q.data[q.at]) >= 0 {
		q.at++
		return 1
	}
	return 0
}

func (q *quickReader) digits() int {
	start := q.at
	for q.at < len(q.data) && q.data[q.at] >= '0' && q.data[q.at] <= '9' {
		q.at++
	}
	return q.at - start
}

var (
	recordNames    = []string{"id", "modified", "published", "withdrawn", "aliases", "upstream", "related", "summary", "details", "severity", "affected", "database_specific", "references"}
	affectedNames  = []string{"package", "severity", "ranges", "versions", "ecosystem_specific", "database_specific"}
	packageNames   = []string{"ecosystem", "name"}
	rangeNames     = []string{"type", "events"}
	eventNames     = []string{"introduced", "fixed", "last_affected", "limit"}
	referenceNames = []string{"type", "url"}
)

func (q *quickReader) record(r *osvRecord) {
	if q.next() != '{' {
		q.odd = true
		return
	}
	q.object(recordNames, func(n int) {
		switch n {
		case 0:
			q.text(&r.ID)
		case 1:
			q.kept(&r.Modified)
		case 2:
			q.kept(&r.Published)
		case 3:
			q.raw(&r.Withdrawn)
		case 4:
			q.texts(&r.Aliases)
		case 5:
			q.texts(&r.Upstream)
		case 6:
			q.raw(&r.Related)
		case 7:
			q.text(&r.Summary)
		case 8:
			q.text(&r.Details)
		case 9:
			q.raw(&r.Severity)
		case 10:
			q.list(func() {
				r.Affected = again(r.Affected)
				a := &r.Affected[len(r.Affected)-1]
				*a = osvAffected{Ranges: a.Ranges[:0]}
				q.affected(a)
			})
		case 11:
			q.raw(&r.Database)
		case 12:
			q.raw(&r.References)
		}
	})
}

// again adds an element that still holds what it held before.
func again[T any](list []T) []T {
	if len(list) < cap(list) {
		return list[:len(list)+1]
	}
	var zero T
	return append(list, zero)
}

func (q *quickReader) affected(a *osvAffected) {
	q.object(affectedNames, func(n int) {
		switch n {
		case 0:
			q.object(packageNames, func(n int) {
				if n == 0 {
					q.kept(&a.Package.Ecosystem)
				} else {
					q.kept(&a.Package.Name)
				}
			})
		case 1:
			q.raw(&a.Severity)
		case 2:
			q.list(func() {
				a.Ranges = again(a.Ranges)
				r := &a.Ranges[len(a.Ranges)-1]
				*r = osvRange{Events: r.Events[:0]}
				q.ranges(r)
			})
		case 3:
			q.texts(&a.Versions)
		case 4:
			q.raw(&a.Ecosystem)
		case 5:
			q.raw(&a.Database)
		}
	})
}

func (q *quickReader) ranges(r *osvRange) {
	q.object(rangeNames, func(n int) {
		if n == 0 {
			q.kept(&r.Type)
			return
		}
		q.list(func() {
			var e osvEvent
			q.object(eventNames, func(n int) {
				q.keptPointer([]**string{&e.Introduced, &e.Fixed, &e.LastAffected, &e.Limit}[n])
			})
			r.Events = append(r.Events, e)
		})
	})
}

// The ends of the parts of a list of references; neither is in a URL.
const (
	kindEnd = '\x00'
	urlEnd  = '\n'
)

// references reads a list of references into one text, as many as it can: what is
// wrong with one of them keeps no record back.
func (d *decoder) references(raw json.RawMessage) string {
	out := d.buffer[:0]
	n := 0
	q := &quickReader{data: raw, d: d}
	q.list(func() {
		var kind, url []byte
		q.object(referenceNames, func(n int) {
			if n == 0 {
				kind = q.plain()
			} else {
				url = q.plain()
			}
		})
		if n++; q.odd || n > maxReferences || len(url) == 0 || bytes.ContainsAny(url, "\x00\n") || bytes.ContainsAny(kind, "\x00\n") {
			return
		}
		out = append(append(out, kind...), kindEnd)
		out = append(append(out, url...), urlEnd)
	})
	d.buffer = out
	return string(out)
}

// plain reads a string; it is valid as long as the data are.
func (q *quickReader) plain() []byte {
	if q.null() {
		return nil
	}
	raw, plain := q.rawString()
	if !plain {
		return []byte(q.unescape(raw))
	}
	return raw
}
