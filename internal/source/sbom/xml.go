package sbom

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
)

// namespace is that of CycloneDX, with the version behind it.
const namespace = "http://cyclonedx.org/schema/bom/"

// parseXML reads CycloneDX. Nothing is expanded: the decoder knows no entities but
// the five of XML.
func parseXML(data []byte) (*document, error) {
	r := &xmlReader{dec: xml.NewDecoder(bytes.NewReader(data))}
	err := r.bom()
	if err != nil {
		if _, ok := errors.AsType[*xml.SyntaxError](err); !ok { // which tells its line
			line, column := r.dec.InputPos()
			err = fmt.Errorf("line %d:%d: %w", line, column, err)
		}
		return nil, err
	}
	return &r.doc, nil
}

type xmlReader struct {
	dec *xml.Decoder
	doc document
}

// bom takes the whole document.
func (r *xmlReader) bom() error {
	root, err := r.root()
	if err != nil {
		return err
	}
	version, ok := strings.CutPrefix(root.Name.Space, namespace)
	if !ok || root.Name.Local != "bom" {
		return fmt.Errorf("the document begins with %q, not with bom of %s", root.Name.Local, namespace)
	}
	r.doc.format, r.doc.version = formatCycloneDX, version
	err = r.children(func(e xml.StartElement) error {
		switch e.Name.Local {
		case "components":
			return r.components(0)
		case "metadata":
			return r.children(func(e xml.StartElement) error {
				if e.Name.Local == "component" {
					return r.component(e, 0, true)
				}
				return r.dec.Skip()
			})
		}
		return r.dec.Skip()
	})
	if err != nil {
		return err
	}
	switch e, err := r.root(); {
	case errors.Is(err, io.EOF):
		return nil
	case err != nil:
		return err
	default:
		return fmt.Errorf("%q follows the document", e.Name.Local)
	}
}

// root gives the next element outside of all others.
func (r *xmlReader) root() (xml.StartElement, error) {
	for {
		token, err := r.dec.Token()
		if err != nil {
			return xml.StartElement{}, err
		}
		if e, ok := token.(xml.StartElement); ok {
			return e, nil
		}
	}
}

// children visits the elements inside the one that is open. visit takes each to its
// end.
func (r *xmlReader) children(visit func(e xml.StartElement) error) error {
	for {
		token, err := r.dec.Token()
		if err != nil {
			return err
		}
		switch e := token.(type) {
		case xml.EndElement:
			return nil
		case xml.StartElement:
			if err := visit(e); err != nil {
				return err
			}
		}
	}
}

func (r *xmlReader) components(depth int) error {
	return r.children(func(e xml.StartElement) error {
		if e.Name.Local == "component" {
			return r.component(e, depth, false)
		}
		return r.dec.Skip()
	})
}

// component takes a component and those in it.
func (r *xmlReader) component(start xml.StartElement, depth int, subject bool) error {
	if depth > maxDepth {
		return fmt.Errorf("components lie more than %d deep in each other", maxDepth)
	}
	line, _ := r.dec.InputPos()
	c := component{line: line, subject: subject, kind: strings.ToLower(attribute(start, "type"))}
	at := len(r.doc.components)
	if err := r.doc.add(c); err != nil {
		return err
	}
	err := r.children(func(e xml.StartElement) (err error) {
		switch e.Name.Local {
		case "name":
			c.name, err = r.text(e)
		case "version":
			c.version, err = r.text(e)
		case "purl":
			var purl string
			if purl, err = r.text(e); purl != "" {
				c.purls = []string{purl}
			}
		case "licenses":
			err = r.licences(e, &c)
		case "properties":
			err = r.children(func(e xml.StartElement) error {
				value, err := r.text(e)
				c.property(attribute(e, "name"), value)
				return err
			})
		case "components":
			err = r.components(depth + 1)
		default:
			err = r.dec.Skip()
		}
		return err
	})
	r.doc.components[at] = c
	return err
}

func attribute(e xml.StartElement, name string) string {
	for _, a := range e.Attr {
		if a.Name.Local == name && len(a.Value) <= maxText {
			return a.Value
		}
	}
	return ""
}

// text takes what an element holds. Of a property that is too long nothing is kept.
func (r *xmlReader) text(start xml.StartElement) (string, error) {
	var text strings.Builder
	for {
		token, err := r.dec.Token()
		if err != nil {
			return "", err
		}
		switch t := token.(type) {
		case xml.CharData:
			if text.Len() <= maxText {
				text.Write(t)
			}
		case xml.StartElement:
			return "", fmt.Errorf("%s holds %q, want text", start.Name.Local, t.Name.Local)
		case xml.EndElement:
			if start.Name.Local == "property" && text.Len() > maxText {
				return "", nil
			}
			return bounded(start.Name.Local, strings.TrimSpace(text.String()))
		}
	}
}
