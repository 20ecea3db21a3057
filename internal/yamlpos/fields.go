package yamlpos

import (
	"fmt"
	"strings"

	"github.com/boltseal/boltseal/internal/nearest"

	"go.yaml.in/yaml/v4"
)

// Field is a key that a mapping may have, and what becomes of its value.
type Field struct {
	name  string
	kind  fieldKind
	read  func(Value)
	hint  string
	notes *Errors
}

type fieldKind uint8

const (
	optional fieldKind = iota
	required
	later
	elsewhere
	tolerant
)

// Need is a key without which the mapping is an error.
func Need(name string, read func(Value)) Field { return Field{name: name, kind: required, read: read} }

// May is a key that can be left out.
func May(name string, read func(Value)) Field { return Field{name: name, read: read} }

// Later is a key that the schema has and this program does not read yet: an
// error, as a file that is obeyed in part is not obeyed.
func Later(name string) Field {
	return Field{name: name, kind: later, hint: "take it out: it would not be obeyed"}
}

// Elsewhere is a key that is often written here and belongs in another place,
// which the hint names.
func Elsewhere(name, hint string) Field { return Field{name: name, kind: elsewhere, hint: hint} }

// Tolerate notes the keys that no field names instead of making them errors: for a
// file of another program's, which passes them over.
func Tolerate(notes *Errors) Field { return Field{kind: tolerant, notes: notes} }

// Into reads a value into a variable.
func Into[T any](dst *T, read func(Value) T) func(Value) {
	return func(v Value) { *dst = read(v) }
}

// Map reads a mapping: each key that is there is read by its field, in the order
// of the file. Keys that no field names, keys that come twice and required keys
// that are missing are errors. what names the mapping in messages.
func (v Value) Map(what string, fields ...Field) {
	if v.shape != nil {
		v.shape.fields(fields)
		return
	}
	n := v.resolved()
	if n.Kind != yaml.MappingNode || v.tagged() {
		v.Fail("", "%s: want a mapping, got %s", what, v.kind())
		return
	}
	known := make(map[string]Field, len(fields))
	for _, f := range fields {
		if f.kind != tolerant {
			known[f.name] = f
		}
	}
	seen := make(map[string]int, len(n.Content)/2)
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], Value{doc: v.doc, node: n.Content[i+1]}
		name, ok := v.key(key)
		if !ok {
			continue
		}
		if line, twice := seen[name]; twice {
			v.failAt(key, "keep one of them", "key %q comes twice, first on line %d", shorten(name), line)
			continue
		}
		seen[name] = key.Line
		v.field(what, name, key, value, known, fields)
	}
	v.missing(what, fields, seen)
}

// Each reads a mapping whose keys are anybody's choice, in the order of the file.
func (v Value) Each(what string, read func(name string, v Value)) {
	if v.shape != nil {
		return // anybody's choice
	}
	n := v.resolved()
	if n.Kind != yaml.MappingNode || v.tagged() {
		v.Fail("", "%s: want a mapping, got %s", what, v.kind())
		return
	}
	seen := make(map[string]int, len(n.Content)/2)
	for i := 0; i+1 < len(n.Content); i += 2 {
		name, ok := v.key(n.Content[i])
		if !ok {
			continue
		}
		if line, twice := seen[name]; twice {
			v.failAt(n.Content[i], "keep one of them", "key %q comes twice, first on line %d", shorten(name), line)
			continue
		}
		seen[name] = n.Content[i].Line
		read(name, Value{doc: v.doc, node: n.Content[i+1]})
	}
}

// key gives a key's name: a plain word.
func (v Value) key(key *yaml.Node) (string, bool) {
	switch {
	case key.Kind != yaml.ScalarNode || key.Style&yaml.TaggedStyle != 0:
		v.failAt(key, "", "a key must be a plain word")
		return "", false
	case key.ShortTag() == "!!merge":
		v.failAt(key, "write the keys out", "merge keys (<<) are not supported")
		return "", false
	}
	return key.Value, true
}

func (v Value) field(what, name string, key *yaml.Node, value Value, known map[string]Field, fields []Field) {
	f, ok := known[name]
	switch {
	case !ok:
		v.unknown(what, name, key, fields)
	case f.kind == later:
		v.failAt(key, f.hint, "%s is not supported yet", name)
	case f.kind == elsewhere:
		v.failAt(key, f.hint, "key %q does not belong in %s", name, what)
	default:
		f.read(value)
	}
}

func (v Value) unknown(what, name string, key *yaml.Node, fields []Field) {
	hint := unknownHint(name, fields)
	for _, f := range fields {
		if f.kind == tolerant {
			if len(*f.notes) < maxKept {
				*f.notes = append(*f.notes, v.doc.text.at(key.Line, key.Column, fmt.Sprintf("unknown key %q in %s", shorten(name), what), hint))
			}
			return
		}
	}
	v.failAt(key, hint, "unknown key %q in %s", shorten(name), what)
}

// unknownHint suggests the nearest key, else lists them.
func unknownHint(name string, fields []Field) string {
	var near, usable []string
	for _, f := range fields {
		if f.kind == tolerant {
			continue
		}
		near = append(near, f.name)
		if f.kind == optional || f.kind == required {
			usable = append(usable, f.name)
		}
	}
	if key := nearest.Word(name, near); key != "" {
		return didYouMean(key)
	}
	return "known are " + strings.Join(usable, ", ")
}

func (v Value) missing(what string, fields []Field, seen map[string]int) {
	var names []string
	for _, f := range fields {
		if _, ok := seen[f.name]; f.kind == required && !ok {
			names = append(names, fmt.Sprintf("%q", f.name))
		}
	}
	if len(names) > 0 {
		v.Fail("", "%s needs %s", what, strings.Join(names, ", "))
	}
}

// Peek gives a key's value without reading the mapping; false where there is no
// such key.
func (v Value) Peek(name string) (Value, bool) {
	if v.shape != nil {
		return Value{}, false
	}
	n := v.resolved()
	if n.Kind != yaml.MappingNode {
		return Value{}, false
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Kind == yaml.ScalarNode && n.Content[i].Value == name {
			return Value{doc: v.doc, node: n.Content[i+1]}, true
		}
	}
	return Value{}, false
}

// Empty says whether the value is a mapping without keys.
func (v Value) Empty() bool {
	if v.shape != nil {
		return false
	}
	n := v.resolved()
	return n.Kind == yaml.MappingNode && len(n.Content) == 0
}
