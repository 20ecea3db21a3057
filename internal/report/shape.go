package report

import (
	"bytes"
	"encoding/json"
	"reflect"
	"slices"
	"strings"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/nearest"
	"github.com/boltseal/boltseal/internal/policy"
	"github.com/boltseal/boltseal/internal/vex"
)

// Limits of a run file beside its size: three bytes of JSON become a whole finding
// in memory.
const (
	maxObjects = 2_000_000
	maxValues  = 20_000_000
)

// words are the types of which a run file knows every value, as text.
var words = map[reflect.Type][]string{
	reflect.TypeFor[finding.Status]():       {string(finding.StatusOK), string(finding.StatusNothing), string(finding.StatusPartial), string(finding.StatusFailed)},
	reflect.TypeFor[policy.Action]():        {string(policy.Suppress), string(policy.Note), string(policy.Warn), string(policy.Block)},
	reflect.TypeFor[policy.VerdictStatus](): {string(policy.Pass), string(policy.Blocked), string(policy.None)},
	reflect.TypeFor[finding.Severity]():     severityNames(),
	reflect.TypeFor[vex.Status]():           statusNames(),
	reflect.TypeFor[policy.Event]():         {string(policy.Change), string(policy.Push), string(policy.Schedule)},
}

func statusNames() []string {
	var names []string
	for _, s := range vex.Statuses() {
		names = append(names, string(s))
	}
	return names
}

func severityNames() []string {
	var names []string
	for _, s := range finding.Severities() {
		names = append(names, s.String())
	}
	return names
}

// member is one member of an object, by its name in JSON.
type member struct {
	name     string
	kind     reflect.Type
	required bool
}

// members are what encoding/json writes of a struct type; what has no omitempty or
// omitzero is always there.
func (s *shape) members(t reflect.Type) []member {
	if known, ok := s.known[t]; ok {
		return known
	}
	var all []member
	for _, f := range reflect.VisibleFields(t) {
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if f.Anonymous || !f.IsExported() || name == "-" {
			continue
		}
		if name == "" {
			name = f.Name
		}
		all = append(all, member{name, f.Type, options != "omitempty" && options != "omitzero"})
	}
	s.known[t] = all
	return all
}

// shape walks valid JSON beside the type that it is for. encoding/json alone takes
// names in any case of letters, takes the last of two, and says of neither an
// unknown one nor a wrong word where it stands.
type shape struct {
	data            []byte
	pos             int
	objects, values int // that there still may be
	known           map[reflect.Type][]member
}

// checkShape checks that data, which is valid JSON, has the shape of a Run.
func checkShape(data []byte) error {
	return shapeWithin(data, maxObjects, maxValues)
}

func shapeWithin(data []byte, objects, values int) error {
	s := &shape{data: data, objects: objects, values: values, known: map[reflect.Type][]member{}}
	return s.value(reflect.TypeFor[Run]())
}

func (s *shape) value(t reflect.Type) error {
	s.space()
	if s.values--; s.values < 0 {
		return at(s.data, s.pos, "the file holds more than %d values", maxValues)
	}
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch c := s.data[s.pos]; {
	case t.Kind() == reflect.String, words[t] != nil:
		return s.text(t)
	case t.Kind() == reflect.Struct:
		return s.object(c, func(seen map[string]bool) error { return s.member(t, seen) }, func(seen map[string]bool) error { return s.missing(t, seen) })
	case t.Kind() == reflect.Map:
		return s.object(c, func(seen map[string]bool) error { return s.entry(t, seen) }, func(map[string]bool) error { return nil })
	case t.Kind() == reflect.Slice:
		return s.list(c, t.Elem())
	default: // a number or a boolean; encoding/json checks which
		if c == '{' || c == '[' || c == 'n' {
			return at(s.data, s.pos, "%s is wanted here", t.Kind())
		}
		s.scalar()
		return nil
	}
}

func (s *shape) object(first byte, one, end func(map[string]bool) error) error {
	start := s.pos
	if first != '{' {
		return at(s.data, s.pos, "an object is wanted here")
	}
	if s.objects--; s.objects < 0 {
		return at(s.data, s.pos, "the file holds more than %d objects", maxObjects)
	}
	seen := make(map[string]bool, 8)
	for s.pos++; s.more('}'); {
		if err := one(seen); err != nil {
			return err
		}
	}
	after := s.pos
	s.pos = start
	if err := end(seen); err != nil {
		return err
	}
	s.pos = after
	return nil
}

// name reads a member's name up to its value.
func (s *shape) name(seen map[string]bool) (string, error) {
	start := s.pos
	name := s.string()
	if seen[name] {
		return "", at(s.data, start, "%q is here twice", Plain(name))
	}
	seen[name] = true
	s.space()
	s.pos++ // the colon
	return name, nil
}

func (s *shape) member(t reflect.Type, seen map[string]bool) error {
	start := s.pos
	name, err := s.name(seen)
	if err != nil {
		return err
	}
	all := s.members(t)
	i := slices.IndexFunc(all, func(m member) bool { return m.name == name })
	if i >= 0 {
		return s.value(all[i].kind)
	}
	var names []string
	for _, m := range all {
		names = append(names, m.name)
	}
	if near := nearest.Word(name[:min(len(name), 64)], names); near != "" {
		return at(s.data, start, "unknown field %q; did you mean %q?", Plain(name), near)
	}
	return at(s.data, start, "unknown field %q: %s has none of that name", Plain(name), Schema)
}

func (s *shape) entry(t reflect.Type, seen map[string]bool) error {
	if _, err := s.name(seen); err != nil {
		return err
	}
	return s.value(t.Elem())
}

func (s *shape) missing(t reflect.Type, seen map[string]bool) error {
	for _, m := range s.members(t) {
		if m.required && !seen[m.name] {
			return at(s.data, s.pos, "this object has no %q", m.name)
		}
	}
	return nil
}

func (s *shape) list(first byte, t reflect.Type) error {
	if first != '[' {
		return at(s.data, s.pos, "a list is wanted here")
	}
	for s.pos++; s.more(']'); {
		if err := s.value(t); err != nil {
			return err
		}
	}
	return nil
}

func (s *shape) text(t reflect.Type) error {
	start := s.pos
	if s.data[s.pos] != '"' {
		return at(s.data, s.pos, "a string is wanted here")
	}
	known, ok := words[t]
	if !ok {
		s.skip()
		return nil
	}
	if text := s.string(); !slices.Contains(known, text) {
		return at(s.data, start, "%q is none of %s", Plain(text), strings.Join(known, ", "))
	}
	return nil
}

// more goes on to the next value of an object or list, or behind its end.
func (s *shape) more(end byte) bool {
	s.space()
	if s.data[s.pos] == ',' {
		s.pos++
		s.space()
	}
	if s.data[s.pos] == end {
		s.pos++
		return false
	}
	return true
}

func (s *shape) space() {
	for s.pos < len(s.data) && strings.IndexByte(" \t\r\n", s.data[s.pos]) >= 0 {
		s.pos++
	}
}

// skip goes behind the string that starts here.
func (s *shape) skip() {
	for s.pos++; s.data[s.pos] != '"'; s.pos++ {
		if s.data[s.pos] == '\\' {
			s.pos++
		}
	}
	s.pos++
}

// string reads the string that starts here.
func (s *shape) string() string {
	start := s.pos
	s.skip()
	quoted := s.data[start:s.pos]
	if bytes.IndexByte(quoted, '\\') < 0 {
		return string(quoted[1 : len(quoted)-1])
	}
	var text string
	if err := json.Unmarshal(quoted, &text); err != nil {
		return "" // cannot be: the JSON is valid
	}
	return text
}

func (s *shape) scalar() {
	for s.pos < len(s.data) && strings.IndexByte(" \t\r\n,]}", s.data[s.pos]) < 0 {
		s.pos++
	}
}
