// Package yamlpos reads YAML that nobody has vouched for and says of every fault
// where it is and what to write instead. A document is parsed under limits, then
// read strictly through Values: a loader names the keys of each mapping with
// Fields and so reads like the schema. Errors are collected, so that one look at
// the file shows them all.
package yamlpos

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// Limits bound what Parse takes. A zero field is its default.
type Limits struct {
	// Bytes is the size of the document; 1 MiB.
	Bytes int
	// Depth is how deep lists and mappings nest, aliases expanded; 100.
	Depth int
	// Items is the number of values, counted by the characters that separate
	// them before anything is parsed, so more rather than fewer; 200,000.
	Items int
	// Expanded is the number of values after every alias is replaced by what it
	// stands for; 1,000,000.
	Expanded int
}

func (l Limits) withDefaults() Limits {
	return Limits{
		Bytes:    cmp.Or(l.Bytes, 1<<20),
		Depth:    cmp.Or(l.Depth, 100),
		Items:    cmp.Or(l.Items, 200_000),
		Expanded: cmp.Or(l.Expanded, 1_000_000),
	}
}

// Document is one parsed document. It collects the errors that reading its values
// gives.
type Document struct {
	root *yaml.Node
	text text
	errs Errors
}

// Parse reads the one document in data. file is what messages call it. A fault is
// an Errors: here the parser stops at the first.
func Parse(file string, data []byte, limits Limits) (doc *Document, err error) {
	limits = limits.withDefaults()
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	doc = &Document{text: text{file: file, data: data}}
	defer func() {
		// The parser is someone else's and the bytes are hostile: a fault of
		// the one met by the other is the file's error, not the program's end.
		if r := recover(); r != nil {
			doc, err = nil, Errors{doc.text.at(1, 1, fmt.Sprintf("this is not YAML that can be read: %v", r), "")}
		}
	}()
	if fault, ok := doc.text.check(limits); !ok {
		return nil, Errors{fault}
	}
	loader, err := yaml.NewLoader(bytes.NewReader(data), yaml.WithPlugin(depthLimit(limits.Depth)))
	if err != nil {
		return nil, fmt.Errorf("making the YAML parser: %w", err)
	}
	var root yaml.Node
	switch err := loader.Load(&root); {
	case errors.Is(err, io.EOF):
		return nil, Errors{doc.text.at(1, 1, "the file is empty", "")}
	case err != nil:
		return nil, Errors{doc.syntax(err)}
	}
	var second yaml.Node
	switch err := loader.Load(&second); {
	case err == nil:
		return nil, Errors{doc.text.at(second.Line, second.Column, "a second document starts here", "write one document only, without a \"---\" in between")}
	case !errors.Is(err, io.EOF):
		return nil, Errors{doc.syntax(err)}
	}
	if len(root.Content) != 1 {
		return nil, Errors{doc.text.at(1, 1, "the file is empty", "")}
	}
	doc.root = root.Content[0]
	if fault, ok := doc.expansion(limits); !ok {
		return nil, Errors{fault}
	}
	return doc, nil
}

// Root is the document's value.
func (d *Document) Root() Value { return Value{doc: d, node: d.root} }

// Err gives the errors collected so far, by their place in the file; nil when
// there are none.
func (d *Document) Err() error {
	if len(d.errs) == 0 {
		return nil
	}
	errs := slices.Clone(d.errs)
	slices.SortStableFunc(errs, compareErrors)
	return slices.Compact(errs)
}

// depthLimit stops the parser before it nests deeper.
type depthLimit int

func (l depthLimit) CheckDepth(depth int, _ *yaml.DepthContext) error {
	if depth > int(l) {
		return fmt.Errorf("nested deeper than %d", int(l))
	}
	return nil
}

// CheckAlias is asked when aliases are expanded, which is done here by expansion.
func (depthLimit) CheckAlias(int, int) error { return nil }

// syntaxHints are what to do about the parser's commonest complaints.
var syntaxHints = []struct{ part, hint string }{
	{"cannot start any token", "indent with spaces, not tabs; put text that starts with one of @ ` % in quotes"},
	{"mapping values are not allowed", "put text that holds \": \" in quotes, or check the indentation"},
	{"unknown anchor", "an alias (*name) needs an anchor (&name) before it; put text that starts with * in quotes"},
	{"did not find expected node content", "a bracket or a value is missing"},
	{"did not find expected", "a bracket, a comma or a quote is missing, or the indentation is off"},
	{"could not find expected ':'", "a key needs a \": \" after it"},
}

// syntax turns the parser's error into ours.
func (d *Document) syntax(err error) Error {
	var at *yaml.LoadError
	if !errors.As(err, &at) {
		return d.text.at(1, 1, err.Error(), "")
	}
	msg, mark := at.Message, at.Mark
	if mark.Line == 0 {
		mark = at.ContextMark
	}
	if at.ContextMsg != "" {
		msg = at.ContextMsg + ": " + msg
	}
	for _, h := range syntaxHints {
		if strings.Contains(msg, h.part) {
			return d.text.at(mark.Line, mark.Column, msg, h.hint)
		}
	}
	return d.text.at(mark.Line, mark.Column, msg, "")
}
