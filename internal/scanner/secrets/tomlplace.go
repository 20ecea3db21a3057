package secrets

import (
	"bytes"
	"fmt"
	"reflect"
	"slices"
	"sort"
	"strconv"
	"strings"

	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"
)

// tomlPlace is where a value of a TOML file stands, with what it holds; an array
// stands where its key does. The methods take a nil place, which is nowhere: a
// value that can't be found has none.
type tomlPlace struct {
	line, column int
	key          *tomlPlace // where its key stands
	keys         map[string]*tomlPlace
	order        []string // keys as written
	items        []*tomlPlace
	room         *int // how many keys may still come up to the next list
}

// get finds a key in any case.
func (p *tomlPlace) get(key string) *tomlPlace {
	if p == nil {
		return nil
	}
	if v := p.keys[key]; v != nil {
		return v
	}
	for _, k := range p.order {
		if foldKey(k) == key {
			return p.keys[k]
		}
	}
	return nil
}

// item finds the nth value; what is no array stands for its only one.
func (p *tomlPlace) item(n int) *tomlPlace {
	if p == nil || n >= len(p.items) {
		return p
	}
	return p.items[n]
}

// find follows a path such as `Rules[0].SecretGroup` as far as it goes.
func (p *tomlPlace) find(name string) *tomlPlace {
	for part := range strings.SplitSeq(name, ".") {
		key, rest, _ := strings.Cut(part, "[")
		if key != "" {
			next := p.get(foldKey(key))
			if next == nil {
				return p
			}
			p = next
		}
		for index := range strings.SplitSeq(rest, "[") {
			if n, err := strconv.Atoi(strings.TrimSuffix(index, "]")); err == nil && n >= 0 {
				p = p.item(n)
			}
		}
	}
	return p
}

// foldKey makes keys alike that the engine's decoder takes for the same.
func foldKey(k string) string { return strings.ToLower(strings.ToUpper(k)) }

// tomlPlaceError is what findPlaces refuses, at an offset.
type tomlPlaceError struct {
	message string
	offset  int
}

func (e *tomlPlaceError) Error() string { return e.message }

// tomlPlaceFinder walks the text as the decoder does.
type tomlPlaceFinder struct {
	parser unstable.Parser
	lines  tomlLines
	values int
	err    error
}

// findPlaces finds every value of a TOML text. Where the text is wrong it gives
// what the decoder says of it.
func findPlaces(text []byte) (*tomlPlace, error) {
	f := &tomlPlaceFinder{lines: newTOMLLines(text)}
	f.parser.Reset(text)
	root := &tomlPlace{room: newRoom()}
	table := root
	for f.err == nil && f.parser.NextExpression() {
		e := f.parser.Expression()
		switch e.Kind {
		case unstable.Table, unstable.ArrayTable:
			table = f.header(root, e)
		case unstable.KeyValue:
			f.keyValue(table, e)
		}
	}
	if f.err != nil {
		return nil, f.err
	}
	if err := f.parser.Error(); err != nil {
		// The decoder knows the place, the parser doesn't say it.
		var v map[string]any
		if full := toml.Unmarshal(text, &v); full != nil {
			return nil, full
		}
		return nil, err
	}
	return root, nil
}

// add makes the place of a value that begins with n.
func (f *tomlPlaceFinder) add(n *unstable.Node, outer *tomlPlace) *tomlPlace {
	if f.values++; f.values > maxTOMLValues && f.err == nil {
		f.err = &tomlPlaceError{fmt.Sprintf("more than %d values", maxTOMLValues), int(n.Raw.Offset)}
	}
	p := &tomlPlace{}
	if n.Raw.Length > 0 {
		p.line, p.column = f.lines.position(int(n.Raw.Offset))
	} else if outer != nil {
		p.line, p.column = outer.line, outer.column
	}
	return p
}

// key finds or makes the place of a key in a table; of an array of tables it is
// the last one that counts.
func (f *tomlPlaceFinder) key(table *tomlPlace, n *unstable.Node) *tomlPlace {
	name := string(n.Data)
	if p := table.keys[name]; p != nil {
		return p
	}
	p := f.add(n, nil)
	p.key = &tomlPlace{line: p.line, column: p.column}
	if table.keys == nil {
		table.keys = make(map[string]*tomlPlace)
	}
	p.room = table.room
	if *p.room--; *p.room < 0 && f.err == nil {
		f.err = &tomlPlaceError{fmt.Sprintf("table of more than %d keys", maxTableKeys), int(n.Raw.Offset)}
	}
	table.keys[name] = p
	table.order = append(table.order, name)
	return p
}

func newRoom() *int {
	room := maxTableKeys
	return &room
}

func lastItem(p *tomlPlace) *tomlPlace {
	if n := len(p.items); n > 0 {
		return p.items[n-1]
	}
	return p
}

// path walks a dotted key from a table and gives the place of its last part.
func (f *tomlPlaceFinder) path(table *tomlPlace, keys unstable.Iterator) (*tomlPlace, *unstable.Node) {
	var n *unstable.Node
	for parts := 0; keys.Next(); parts++ {
		n = keys.Node()
		if parts == maxKeyParts {
			if f.err == nil {
				f.err = &tomlPlaceError{fmt.Sprintf("key of more than %d parts", maxKeyParts), int(n.Raw.Offset)}
			}
			return table, n
		}
		if parts > 0 {
			table = lastItem(table)
		}
		table = f.key(table, n)
	}
	return table, n
}

func (f *tomlPlaceFinder) header(root *tomlPlace, e *unstable.Node) *tomlPlace {
	p, n := f.path(root, e.Key())
	if e.Kind == unstable.ArrayTable && n != nil {
		item := f.add(n, nil)
		item.room = newRoom()
		p.items = append(p.items, item)
	}
	return lastItem(p)
}

func (f *tomlPlaceFinder) keyValue(table *tomlPlace, e *unstable.Node) {
	p, _ := f.path(table, e.Key())
	f.value(p, e.Value())
}

// value fills p, which so far has the place of its key, with what n holds.
func (f *tomlPlaceFinder) value(p *tomlPlace, n *unstable.Node) {
	if f.err != nil {
		return
	}
	if n.Raw.Length > 0 {
		p.line, p.column = f.lines.position(int(n.Raw.Offset))
	}
	for it := n.Children(); f.err == nil && it.Next(); {
		switch child := it.Node(); {
		case n.Kind == unstable.Array:
			item := f.add(child, p)
			item.room = newRoom()
			p.items = append(p.items, item)
			f.value(item, child)
		case n.Kind == unstable.InlineTable && child.Kind == unstable.KeyValue:
			f.keyValue(p, child)
		}
	}
}

// tomlLines are the offsets at which the lines of a text begin.
type tomlLines []int

func newTOMLLines(text []byte) tomlLines {
	out := tomlLines{0}
	for at := 0; ; {
		n := bytes.IndexByte(text[at:], '\n')
		if n < 0 {
			return out
		}
		at += n + 1
		out = append(out, at)
	}
}

// position gives line and column, counted from 1, in bytes.
func (l tomlLines) position(offset int) (line, column int) {
	n := sort.SearchInts(l, offset+1)
	return n, offset - l[n-1] + 1
}

// tomlTable is what a table may hold: its keys in lower case, and what these hold.
type tomlTable struct {
	names []string // as documented
	keys  map[string]*tomlTable
}

// tomlSchema is the schema of the whole file.
var tomlSchema = tomlTableOf(reflect.TypeFor[tomlConfig]())

// tomlTableOf gives the schema of a type's values; nil where they are no tables.
func tomlTableOf(t reflect.Type) *tomlTable {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct {
		return nil
	}
	s := &tomlTable{keys: make(map[string]*tomlTable)}
	for _, field := range reflect.VisibleFields(t) {
		if field.Anonymous {
			continue
		}
		s.names = append(s.names, field.Name)
		s.keys[foldKey(field.Name)] = tomlTableOf(field.Type)
	}
	return s
}

// checkKeys tells of keys that mean nothing, and refuses those that the engine
// reads in one way today and in another tomorrow.
func (l *tomlLoader) checkKeys(f *tomlFile, p *tomlPlace, s *tomlTable) error {
	if s == nil {
		return nil
	}
	for _, item := range p.items {
		if err := l.checkKeys(f, item, s); err != nil {
			return err
		}
	}
	seen := make(map[string]bool)
	for _, k := range p.order {
		fold, at := foldKey(k), p.keys[k]
		sub, known := s.keys[fold]
		switch {
		case strings.Contains(k, "."):
			return f.errorf(at.key, "key %q: write it without quotes, or as a table", shorten(k))
		case !known:
			names := slices.Clone(s.names)
			slices.Sort(names)
			l.notef(f, at.key, "unknown key %q has no effect; known here: %s", shorten(k), strings.Join(names, ", "))
			continue
		case seen[fold]:
			return f.errorf(at.key, "key %q stands here twice, in different case", shorten(k))
		}
		seen[fold] = true
		if err := l.checkKeys(f, at, sub); err != nil {
			return err
		}
	}
	return nil
}
