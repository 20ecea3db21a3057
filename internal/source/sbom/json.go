package sbom

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// parseJSON reads CycloneDX and SPDX 2, of which the one has components and the other
// packages; which it is can stand behind them. Everything else is passed over.
func parseJSON(data []byte) (*document, error) {
	r := &jsonReader{data: data, dec: json.NewDecoder(bytes.NewReader(data)), lines: lineCounter{data: data, line: 1}}
	var linked bool // SPDX 3 is JSON-LD
	var bom, spdx, version string
	err := r.object(func(key string) (err error) {
		switch key {
		case "bomFormat":
			bom, err = r.text(key)
		case "spdxVersion":
			spdx, err = r.text(key)
		case "specVersion":
			version, err = r.text(key)
		case "@context":
			linked = true
			err = r.skip()
		case "components":
			err = r.array(func() error { return r.component(0, false) })
		case "metadata":
			err = r.metadata()
		case "packages":
			err = r.array(r.spdxPackage)
		case "dependencies":
			err = r.dependencies()
		case "relationships":
			err = r.relationships()
		default:
			err = r.skip()
		}
		return err
	})
	if err == nil {
		err = r.end()
	}
	if err != nil {
		return nil, r.at(err)
	}
	switch {
	case bom != "" && spdx != "":
		return nil, errors.New("a document that says it is CycloneDX and SPDX")
	case bom != "" && bom != formatCycloneDX:
		return nil, fmt.Errorf("bomFormat is %q, not %s", bom, formatCycloneDX)
	case bom != "":
		r.doc.format, r.doc.version = formatCycloneDX, version
	case spdx != "":
		r.doc.format, r.doc.version = formatSPDX, spdx
	case linked:
		return nil, errors.New("SPDX 3 is not read; write SPDX 2.3 or CycloneDX")
	default:
		return nil, errors.New("neither CycloneDX nor SPDX: it has no bomFormat and no spdxVersion")
	}
	return &r.doc, nil
}

// jsonReader goes through a document once, from front to back.
type jsonReader struct {
	data  []byte
	dec   *json.Decoder
	lines lineCounter
	doc   document
}

// lineCounter counts lines up to offsets that only grow.
type lineCounter struct {
	data   []byte
	offset int64
	line   int
}

func (l *lineCounter) at(offset int64) int {
	offset = min(offset, int64(len(l.data)))
	if offset > l.offset {
		l.line += bytes.Count(l.data[l.offset:offset], []byte{'\n'})
		l.offset = offset
	}
	return l.line
}

// at adds the place to an error.
func (r *jsonReader) at(err error) error {
	offset := r.dec.InputOffset()
	if _, ok := errors.AsType[*json.SyntaxError](err); ok {
		// The decoder counts from different places; a check of the whole does not.
		var raw json.RawMessage
		if e, ok := errors.AsType[*json.SyntaxError](json.Unmarshal(r.data, &raw)); ok {
			offset = e.Offset - 1
		}
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		offset, err = int64(len(r.data)), errors.New("the document breaks off")
	}
	return fmt.Errorf("%s: %w", position(r.data, offset), err)
}

// end refuses what follows the document.
func (r *jsonReader) end() error {
	switch _, err := r.dec.Token(); {
	case errors.Is(err, io.EOF):
		return nil
	case err != nil:
		return err
	}
	return errors.New("something follows the document")
}

// open takes the beginning of an object or array; false where there is null.
func (r *jsonReader) open(want json.Delim) (bool, error) {
	switch got, err := r.dec.Token(); {
	case err != nil:
		return false, err
	case got == nil:
		return false, nil
	case got != want:
		return false, fmt.Errorf("want %s", map[json.Delim]string{'{': "an object", '[': "a list"}[want])
	}
	return true, nil
}

// object visits the fields of an object. visit takes the value.
func (r *jsonReader) object(visit func(key string) error) error {
	if ok, err := r.open('{'); !ok {
		return err
	}
	for r.dec.More() {
		token, err := r.dec.Token()
		if err != nil {
			return err
		}
		key, ok := token.(string)
		if !ok {
			return errors.New("want the name of a field")
		}
		if err := visit(key); err != nil {
			return err
		}
	}
	_, err := r.dec.Token()
	return err
}

// array visits the elements of an array. visit takes each.
func (r *jsonReader) array(visit func() error) error {
	if ok, err := r.open('['); !ok {
		return err
	}
	for r.dec.More() {
		if err := visit(); err != nil {
			return err
		}
	}
	_, err := r.dec.Token()
	return err
}

// text takes a string, "" for null.
func (r *jsonReader) text(key string) (string, error) {
	switch token, err := r.dec.Token(); text := token.(type) {
	case nil:
		return "", err
	case string:
		if err != nil {
			return "", err
		}
		return bounded(key, text)
	default:
		return "", fmt.Errorf("%s: want text", key)
	}
}

// skip passes a value over.
func (r *jsonReader) skip() error {
	var raw json.RawMessage
	return r.dec.Decode(&raw)
}

// line is the line at which the value begins that comes next.
func (r *jsonReader) line() int {
	offset := r.dec.InputOffset()
	for offset < int64(len(r.data)) && bytes.IndexByte([]byte(" \t\r\n,:"), r.data[offset]) >= 0 {
		offset++
	}
	return r.lines.at(offset)
}

// metadata takes what the document is about.
func (r *jsonReader) metadata() error {
	return r.object(func(key string) error {
		if key == "component" {
			return r.component(0, true)
		}
		return r.skip()
	})
}

// component takes a component of CycloneDX and those in it.
func (r *jsonReader) component(depth int, subject bool) error {
	if depth > maxDepth {
		return fmt.Errorf("components lie more than %d deep in each other", maxDepth)
	}
	c := component{line: r.line(), subject: subject}
	at := len(r.doc.components)
	if err := r.doc.add(c); err != nil {
		return err
	}
	err := r.object(func(key string) (err error) {
		switch key {
		case "name":
			c.name, err = r.text(key)
		case "version":
			c.version, err = r.text(key)
		case "type":
			c.kind, err = r.text(key)
			c.kind = strings.ToLower(c.kind)
		case "purl":
			var purl string
			if purl, err = r.text(key); purl != "" {
				c.purls = []string{purl}
			}
		case "bom-ref":
			err = r.name(&c.ref)
		case "licenses":
			err = r.licences(&c)
		case "properties":
			err = r.array(func() error { return r.property(&c) })
		case "components":
			err = r.array(func() error { return r.component(depth+1, false) })
		default:
			err = r.skip()
		}
		return err
	})
	r.doc.components[at] = c
	return err
}

// property takes one of a component's properties.
func (r *jsonReader) property(c *component) error {
	var name, value json.RawMessage
	err := r.object(func(key string) error {
		switch key {
		case "name":
			return r.dec.Decode(&name)
		case "value":
			return r.dec.Decode(&value)
		}
		return r.skip()
	})
	if err != nil || len(name) > maxText || len(value) > maxText {
		return err
	}
	var n, v string
	if json.Unmarshal(name, &n) == nil && json.Unmarshal(value, &v) == nil {
		c.property(n, v)
	}
	return nil
}

// property takes what Trivy says of a source package: its name, version, release and
// epoch, each by itself.
func (c *component) property(name, value string) {
	rest, ok := strings.CutPrefix(name, "aquasecurity:trivy:Src")
	if !ok {
		return
	}
	switch rest {
	case "Name":
		c.sourceName = value
	case "Version":
		c.sourceVersion = value
	case "Release":
		c.sourceRelease = value
	case "Epoch":
		c.sourceEpoch = value
	}
}

// spdxPackage takes a package of SPDX.
func (r *jsonReader) spdxPackage() error {
	c := component{line: r.line()}
	err := r.object(func(key string) (err error) {
		switch key {
		case "name":
			c.name, err = r.text(key)
		case "versionInfo":
			c.version, err = r.text(key)
		case "primaryPackagePurpose":
			c.kind, err = r.text(key)
			c.kind = purpose(c.kind)
		case "SPDXID":
			err = r.name(&c.ref)
		case "licenseDeclared":
			err = r.declared(&c)
		case "externalRefs":
			err = r.array(func() error { return r.externalRef(&c) })
		default:
			err = r.skip()
		}
		return err
	})
	if err != nil {
		return err
	}
	return r.doc.add(c)
}

// purpose gives CycloneDX's name of an SPDX purpose.
func purpose(spdx string) string { return strings.ReplaceAll(strings.ToLower(spdx), "_", "-") }

// externalRef takes one that is a package URL.
func (r *jsonReader) externalRef(c *component) error {
	var kind, locator string
	err := r.object(func(key string) (err error) {
		switch key {
		case "referenceType":
			kind, err = r.text(key)
		case "referenceLocator":
			var raw json.RawMessage
			if err = r.dec.Decode(&raw); err == nil && len(raw) <= maxText {
				err = json.Unmarshal(raw, &locator)
			}
		default:
			err = r.skip()
		}
		return err
	})
	if err == nil && strings.EqualFold(kind, "purl") && locator != "" {
		c.purls = append(c.purls, locator)
	}
	return err
}
