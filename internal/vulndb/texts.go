package vulndb

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/klauspost/compress/zstd"
)

// The file of details and references has three sections: "ids", the ids of records
// in order with the number of their text; "texts", textsPerBlock of them in a block,
// what several records say alike once; "kinds", one block with the kinds of
// references. Texts about one CVE lie together.
const (
	textsPerBlock = 64
	idsBlock      = 16 << 10
)

// Description is what an advisory's record says at length.
type Description struct {
	Details    string
	References []Reference
}

func (d *Description) empty() bool { return d.Details == "" && len(d.References) == 0 }

// Reference is a page about an issue; Kind is OSV's, such as "FIX".
type Reference struct{ Kind, URL string }

// textCollector takes details and references from records and gives each of them
// memory once.
type textCollector struct {
	ids    map[string]textOf
	buffer []byte
	texts  map[string]int // references by number, then details
	list   []collectedText
	urls   map[string]uint32
	refs   []string // as a record has them
}

type textOf struct {
	number   int
	modified string
}

type collectedText struct {
	order      string
	references int // how many bytes of key are numbers of references
	key        string
}

func newTextCollector() *textCollector {
	return &textCollector{ids: make(map[string]textOf), texts: make(map[string]int), urls: make(map[string]uint32)}
}

// maxReferences bounds the references that are kept of a record.
const maxReferences = 500

// take moves the texts of a record here.
func (c *textCollector) take(r *record) {
	details, references := r.details, r.references
	r.details, r.references = "", ""
	if before, ok := c.ids[r.id]; ok && before.modified >= r.modified || details == "" && references == "" {
		return
	}
	key := c.buffer[:0]
	for references != "" {
		ref, rest, _ := strings.Cut(references, string(urlEnd))
		references = rest
		n, ok := c.urls[ref]
		if !ok {
			n = uint32(len(c.refs))
			ref = strings.Clone(ref)
			c.urls[ref] = n
			c.refs = append(c.refs, ref)
		}
		key = binary.LittleEndian.AppendUint32(key, n)
	}
	t := collectedText{order: r.textOrder(), references: len(key)}
	key = append(key, details...)
	c.buffer = key
	n, ok := c.texts[string(key)]
	if !ok {
		n = len(c.list)
		t.key = string(key)
		c.texts[t.key] = n
		c.list = append(c.list, t)
	}
	c.ids[r.id] = textOf{n, r.modified}
}

// textOrder brings together what speaks of the same CVE.
func (r *record) textOrder() string {
	for _, id := range slices.Concat([]string{r.id}, r.upstream, r.aliases) {
		if year, number, ok := cveNumber(id); ok {
			return cveKey(year, number)
		}
	}
	return r.id
}

// cveNumber takes a CVE id apart. The last bit of the number tells an id that lacks
// the zeros that others have.
func cveNumber(id string) (year, number int, ok bool) {
	if !strings.HasPrefix(id, "CVE-") {
		return 0, 0, false
	}
	prefix, code, ok := numberedID(id)
	if !ok || prefix != "CVE-*-" {
		return 0, 0, false
	}
	return code.year, code.number<<1 | code.kind&idPlain>>1, true
}

func cveKey(year, number int) string { return fmt.Sprintf("CVE-%04d-%010d", year, number) }

// packedKey is the key of a packed id.
func packedKey(id uint64) string { return cveKey(int(id>>32), int(uint32(id))) }

// bytes makes the file.
func (c *textCollector) bytes(built int64) ([]byte, error) {
	file, err := newFileWriter(kindTexts, zstd.SpeedDefault)
	if err != nil {
		return nil, err
	}
	order := make([]int, len(c.list))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int {
		return cmp.Or(strings.Compare(c.list[a].order, c.list[b].order), cmp.Compare(a, b))
	})
	numbers := make([]int, len(order))
	for to, from := range order {
		numbers[from] = to
	}
	c.writeIDs(file.section("ids"), numbers)
	kinds := tally{}
	for _, ref := range c.refs {
		kind, _, _ := strings.Cut(ref, string(kindEnd))
		kinds.add(kind)
	}
	list, kindNumbers := kinds.table()
	texts := file.section("texts")
	for chunk := range slices.Chunk(order, textsPerBlock) {
		var w writer
		w.number(len(chunk))
		for _, n := range chunk {
			c.writeText(&w, &c.list[n], kindNumbers)
		}
		texts.block("", w.data)
	}
	var w writer
	w.texts(list)
	file.section("kinds").block("", w.data)
	return file.bytes(built), nil
}

func (c *textCollector) writeIDs(s *sectionWriter, numbers []int) {
	ids := slices.Sorted(maps.Keys(c.ids))
	var w writer
	key, before := "", ""
	for i, id := range ids {
		if len(w.data) == 0 {
			key, before = id, ""
		}
		w.after(before, id)
		w.number(numbers[c.ids[id].number])
		before = id
		if len(w.data) >= idsBlock || i == len(ids)-1 {
			s.block(key, w.data)
			w.data = nil
		}
	}
}

// writeText writes one text so that it can be stepped over.
func (c *textCollector) writeText(w *writer, t *collectedText, kinds map[string]int) {
	var one writer
	one.text(t.key[t.references:])
	one.number(t.references / 4)
	before := ""
	for at := 0; at < t.references; at += 4 {
		kind, url, _ := strings.Cut(c.refs[binary.LittleEndian.Uint32([]byte(t.key[at:at+4]))], string(kindEnd))
		one.number(kinds[kind])
		one.after(before, url)
		before = url
	}
	w.text(string(one.data))
}

// describe finds what the record with an id says; the zero value if there is none.
func (f *blockFile) describe(id string) (Description, error) {
	number, err := f.textNumber(id)
	if err != nil || number < 0 {
		return Description{}, err
	}
	var kinds []string
	err = f.section("kinds").read(0, func(k *kept) error {
		kinds = (&reader{data: k.data}).texts()
		return nil
	})
	if err != nil {
		return Description{}, err
	}
	var d Description
	err = f.section("texts").read(number/textsPerBlock, func(k *kept) error {
		d, err = readDescription(&reader{data: k.data}, number, kinds)
		return err
	})
	return d, err
}

// readDescription reads text number from its block.
func readDescription(r *reader, number int, kinds []string) (Description, error) {
	r.count()
	for range number % textsPerBlock {
		r.bytes(r.count())
	}
	one := &reader{data: r.bytes(r.count())}
	d := Description{Details: one.text()}
	before := ""
	for range one.count() {
		kind := at(one, kinds, one.number())
		before = one.after(before)
		d.References = append(d.References, Reference{kind, before})
	}
	if r.bad || one.bad {
		return Description{}, fmt.Errorf("%w (texts, block %d: %w)", errDamaged, number/textsPerBlock, errBlock)
	}
	return d, nil
}

// textNumber is -1 for an id that is not there.
func (f *blockFile) textNumber(id string) (int, error) {
	ids := f.section("ids")
	n := ids.find(id)
	if n < 0 {
		return -1, nil
	}
	number := -1
	err := ids.read(n, func(k *kept) error {
		r := &reader{data: k.data}
		before := ""
		for r.left() > 0 && before < id {
			before = r.after(before)
			if found := r.number(); before == id && !r.bad {
				number = found
				return nil
			}
		}
		if r.bad {
			return fmt.Errorf("%w (ids, block %d: %w)", errDamaged, n, errBlock)
		}
		return nil
	})
	return number, err
}

// description is what a record says at length, while it has it.
func (r *record) description() Description {
	d := Description{Details: r.details}
	for ref := range strings.SplitSeq(strings.TrimSuffix(r.references, string(urlEnd)), string(urlEnd)) {
		if kind, url, ok := strings.Cut(ref, string(kindEnd)); ok {
			d.References = append(d.References, Reference{kind, url})
		}
	}
	return d
}
