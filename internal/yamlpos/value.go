package yamlpos

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/boltseal/boltseal/internal/nearest"

	"go.yaml.in/yaml/v4"
)

// Value is a value of a document. What it cannot be read as becomes an error of
// the document, and reading gives the zero value.
type Value struct {
	doc  *Document
	node *yaml.Node
	// shape is set, and nothing else, where a reader is described.
	shape *Shape
}

// Line is where the value starts, counted from 1.
func (v Value) Line() int {
	if v.shape != nil {
		return 0
	}
	return v.node.Line
}

// Fail records a fault of the value.
func (v Value) Fail(hint, format string, args ...any) {
	v.failAt(v.node, hint, format, args...)
}

func (v Value) failAt(n *yaml.Node, hint, format string, args ...any) {
	if v.shape != nil {
		return
	}
	if len(v.doc.errs) < maxKept {
		v.doc.errs = append(v.doc.errs, v.doc.text.at(n.Line, n.Column, fmt.Sprintf(format, args...), hint))
	}
}

// resolved is the value that an alias stands for. Parse has bounded it.
func (v Value) resolved() *yaml.Node {
	if v.node.Kind == yaml.AliasNode {
		return v.node.Alias
	}
	return v.node
}

// IsList says whether the value is a list.
func (v Value) IsList() bool { return v.shape == nil && v.resolved().Kind == yaml.SequenceNode }

// Null says whether the value is empty.
func (v Value) Null() bool {
	if v.shape != nil {
		return false
	}
	n := v.resolved()
	return n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null"
}

// Items are the values of a list, which must not be empty.
func (v Value) Items() []Value {
	if v.shape != nil {
		return v.shape.item(false)
	}
	n := v.resolved()
	if n.Kind != yaml.SequenceNode || v.tagged() {
		v.Fail("", "want a list, got %s", v.kind())
		return nil
	}
	if len(n.Content) == 0 {
		v.Fail("leave the key out", "the list is empty")
	}
	items := make([]Value, len(n.Content))
	for i, c := range n.Content {
		items[i] = Value{doc: v.doc, node: c}
	}
	return items
}

// EmptyList says whether the value is a list without values.
func (v Value) EmptyList() bool { return v.IsList() && len(v.resolved().Content) == 0 }

// OneOrMore are the values of a list, or the value itself where it is none.
func (v Value) OneOrMore() []Value {
	if v.shape != nil {
		return v.shape.item(true)
	}
	if v.IsList() {
		return v.Items()
	}
	return []Value{v}
}

// Text is a string. It is not empty, and of other scalars it takes dates only:
// what YAML reads as a number or a truth value must be quoted.
func (v Value) Text() string {
	if v.shape != nil {
		v.shape.Text = true
		return ""
	}
	n := v.resolved()
	if n.Kind != yaml.ScalarNode || v.tagged() {
		v.Fail("", "want a string, got %s", v.kind())
		return ""
	}
	switch tag := n.ShortTag(); {
	case tag == "!!null" || strings.TrimSpace(n.Value) == "":
		v.Fail("give it a value or leave the key out", "want a string, got nothing")
		return ""
	case tag != "!!str" && tag != "!!timestamp":
		v.Fail("put it in quotes: "+Quote(n.Value), "want a string, got %s", v.kind())
		return ""
	}
	return n.Value
}

// Scalar is the text of a scalar of any kind, as it stands; false for a list or a
// mapping. It records no error.
func (v Value) Scalar() (string, bool) {
	if v.shape != nil {
		v.shape.Any = true
		return "", false
	}
	n := v.resolved()
	return n.Value, n.Kind == yaml.ScalarNode && !v.tagged()
}

// OneOf is a string out of a closed set.
func (v Value) OneOf(words ...string) string {
	v.Suggest(words...)
	s := v.Text()
	if s == "" || slices.Contains(words, s) {
		return s
	}
	v.Fail(oneOfHint(s, words), "%q is not one of %s", shorten(s), strings.Join(words, ", "))
	return ""
}

func oneOfHint(s string, words []string) string {
	if near := nearest.Word(s, words); near != "" {
		return didYouMean(near)
	}
	return ""
}

func didYouMean(s string) string { return fmt.Sprintf("did you mean %q?", s) }

// Bool is true or false.
func (v Value) Bool() bool {
	if v.shape != nil {
		v.shape.Truth = true
		return false
	}
	n := v.resolved()
	if n.Kind == yaml.ScalarNode && n.ShortTag() == "!!bool" && !v.tagged() {
		switch strings.ToLower(n.Value) {
		case "true":
			return true
		case "false":
			return false
		}
	}
	v.Fail("", "want true or false, got %s", v.kind())
	return false
}

// Int is a whole number in decimal.
func (v Value) Int() int {
	if v.shape != nil {
		v.shape.Number = true
		return 0
	}
	n := v.resolved()
	if n.Kind == yaml.ScalarNode && n.ShortTag() == "!!int" && !v.tagged() {
		if i, err := strconv.Atoi(n.Value); err == nil {
			return i
		}
	}
	v.Fail("", "want a whole number, got %s", v.kind())
	return 0
}

// Date is a day, YYYY-MM-DD, at midnight UTC.
func (v Value) Date() time.Time {
	if v.shape != nil {
		v.shape.Date = true
		return time.Time{}
	}
	s := v.Text()
	if s == "" {
		return time.Time{}
	}
	day, err := time.Parse(time.DateOnly, s)
	if err != nil {
		v.Fail("write it as YYYY-MM-DD", "%q is not a date", shorten(s))
		return time.Time{}
	}
	return day
}

// tagged says whether someone wrote a tag, as in "!!binary x": it would have the
// value read as something that it does not look like.
func (v Value) tagged() bool { return v.resolved().Style&yaml.TaggedStyle != 0 }

// kind names what the value is, for messages.
func (v Value) kind() string {
	n := v.resolved()
	if v.tagged() {
		return fmt.Sprintf("a value tagged %s", shorten(n.Tag))
	}
	switch n.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	}
	switch n.ShortTag() {
	case "!!null":
		return "nothing"
	case "!!int", "!!float":
		return "the number " + shorten(n.Value)
	case "!!bool":
		return "the truth value " + shorten(n.Value)
	}
	return fmt.Sprintf("%q", shorten(n.Value))
}

// shorten keeps a quoted value from filling the screen. It cuts no word: half of a
// secret is no secret to whoever masks the message later.
func shorten(s string) string {
	const limit = 60
	r := []rune(s)
	if len(r) <= limit {
		return s
	}
	end := limit
	for end > 0 && r[end] != ' ' {
		end--
	}
	return string(r[:end]) + "…"
}
