package vex

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Limits of a document.
const (
	MaxBytes      = 16 << 20
	maxStatements = 100_000
	maxProducts   = 200_000   // of all statements together
	maxMentions   = 2_000_000 // of products, by flags and threats
	maxText       = 32 << 20  // bytes of package URLs that are made
	maxNotes      = 20
	maxDepth      = 200
)

// Document is what a document states.
type Document struct {
	Statements []Statement
	// Notes name statements that were passed over, as nobody can tell what they are
	// about; there may be more of them than are named.
	Notes []string
}

// document collects statements within the limits.
type document struct {
	Document
	name               string
	products, unlisted int
	mentions, text     int
}

// count counts a product before it is kept, so that what a document multiplies does not
// grow first.
func (d *document) count(p Product) error {
	if len(p.IDs) > 0 {
		d.products += 1 + len(p.Components)
	}
	return d.bounded()
}

func (d *document) bounded() error {
	if len(d.Statements) > maxStatements || d.products > maxProducts {
		return fmt.Errorf("it holds more than %d statements, or more than %d products", maxStatements, maxProducts)
	}
	return nil
}

// Parse reads a document in any of the forms. name is what messages call it.
func Parse(name string, data []byte) (*Document, error) {
	if len(data) > MaxBytes {
		return nil, fmt.Errorf("%s: the VEX document has %d bytes, more than the %d allowed", name, len(data), MaxBytes)
	}
	if err := shallow(data); err != nil {
		return nil, fmt.Errorf("%s: reading VEX document: %w", name, err)
	}
	var head struct {
		Context   string `json:"@context"`
		BOMFormat string `json:"bomFormat"`
		Document  *struct {
			Version string `json:"csaf_version"`
		} `json:"document"`
	}
	if err := json.Unmarshal(data, &head); err != nil {
		return nil, fmt.Errorf("%s: reading VEX document: %w", name, located(data, err))
	}
	d := &document{name: name}
	var err error
	switch {
	case strings.HasPrefix(head.Context, "https://openvex.dev/ns"):
		err = d.openVEX(data)
	case head.BOMFormat == "CycloneDX":
		err = d.cycloneDX(data)
	case head.Document != nil && head.Document.Version != "":
		err = d.csaf(data)
	default:
		err = errors.New("it is neither OpenVEX nor CSAF nor CycloneDX in JSON")
	}
	if err != nil {
		return nil, fmt.Errorf("%s: reading VEX document: %w", name, located(data, err))
	}
	if more := d.unlisted; more > 0 {
		d.Notes = append(d.Notes, fmt.Sprintf("%s: %d more statements are passed over", name, more))
	}
	return &d.Document, nil
}

// located adds line and column to an error of encoding/json.
func located(data []byte, err error) error {
	offset := int64(-1)
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		offset = syntax.Offset - 1
	}
	if mistyped, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		offset = mistyped.Offset - 1
	}
	if offset < 0 || offset > int64(len(data)) {
		return err
	}
	before := data[:offset]
	return fmt.Errorf("%d:%d: %w", 1+bytes.Count(before, []byte("\n")), offset-int64(bytes.LastIndexByte(before, '\n')), err)
}

// shallow refuses what nests deeper than any document does: encoding/json would
// recurse as deep.
func shallow(data []byte) error {
	decoder := json.NewDecoder(bytes.NewReader(data))
	depth := 0
	for {
		token, err := decoder.Token()
		if err != nil {
			if len(bytes.TrimSpace(data)) == 0 {
				return errors.New("it is empty")
			}
			return nil // its end, or a fault that json.Unmarshal tells better
		}
		switch token {
		case json.Delim('{'), json.Delim('['):
			depth++
		case json.Delim('}'), json.Delim(']'):
			depth--
		}
		if depth > maxDepth {
			return fmt.Errorf("it nests deeper than %d", maxDepth)
		}
	}
}

// add takes a statement, whose products were counted, or notes why it is passed over.
func (d *document) add(s Statement, place string) error {
	var products []Product
	for _, p := range s.Products {
		if len(p.IDs) > 0 {
			products = append(products, p)
		}
	}
	ids := make([]string, 0, len(s.IDs))
	for _, id := range s.IDs {
		if id = strings.ToUpper(strings.TrimSpace(id)); id != "" {
			ids = append(ids, id)
		}
	}
	s.Products, s.IDs = products, ids
	s.From = fmt.Sprintf("%s, %s", d.name, place)
	switch {
	case len(ids) == 0:
		d.note("%s names no vulnerability", place)
	case len(products) == 0:
		d.note("%s names no product by a package URL or name", place)
	case s.Status == NotAffected && s.Justification == "" && s.Impact == "":
		d.note("%s says not affected and not why", place)
	default:
		d.Statements = append(d.Statements, s)
	}
	return d.bounded()
}

func (d *document) note(format string, args ...any) {
	if len(d.Notes) == maxNotes {
		d.unlisted++
		return
	}
	d.Notes = append(d.Notes, fmt.Sprintf("%s: %s: it is passed over", d.name, fmt.Sprintf(format, args...)))
}

// newest gives the latest of some times in RFC 3339; those that cannot be read count
// as none.
func newest(texts ...string) time.Time {
	var latest time.Time
	for _, text := range texts {
		if t, err := time.Parse(time.RFC3339, text); err == nil && t.After(latest) {
			latest = t
		}
	}
	return latest
}

// present drops empty texts.
func present(texts ...string) []string {
	var out []string
	for _, t := range texts {
		if t != "" {
			out = append(out, t)
		}
	}
	return out
}
