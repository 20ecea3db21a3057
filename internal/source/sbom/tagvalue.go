package sbom

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
)

// isTagValue says whether a document begins as SPDX's own notation does.
func isTagValue(data []byte) bool {
	for line := range bytes.Lines(data) {
		line = bytes.TrimSpace(line)
		if len(line) > 0 && line[0] != '#' {
			return bytes.HasPrefix(line, []byte("SPDXVersion:"))
		}
	}
	return false
}

// The brackets around a value of several lines.
const (
	openText  = "<text>"
	closeText = "</text>"
)

// parseTagValue reads SPDX's own notation: a tag and a value a line. What a package
// has follows its name.
func parseTagValue(data []byte) (*document, error) {
	doc := &document{format: formatSPDX}
	var current *component
	keep := func() error {
		if current == nil {
			return nil
		}
		c := *current
		current = nil
		return doc.add(c)
	}
	number, opened := 0, 0 // opened is the line of a bracket that is not closed yet
	for line := range bytes.Lines(data) {
		number++
		text := strings.TrimSpace(string(line))
		if opened > 0 {
			if strings.Contains(text, closeText) {
				opened = 0
			}
			continue
		}
		if text == "" || text[0] == '#' {
			continue
		}
		tag, value, found := strings.Cut(text, ":")
		if !found {
			return nil, fmt.Errorf("line %d: want a tag and a colon", number)
		}
		value = strings.TrimSpace(value)
		if strings.HasPrefix(value, openText) && !strings.Contains(value, closeText) {
			opened = number
			continue
		}
		var err error
		switch tag {
		case "SPDXVersion":
			doc.version, err = bounded(tag, value)
		case "PackageName":
			if err = keep(); err == nil {
				current = &component{line: number}
				current.name, err = bounded(tag, value)
			}
		case "FileName", "SnippetSPDXID", "LicenseID":
			err = keep()
		default:
			err = current.tag(tag, value)
		}
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", number, err)
		}
	}
	if opened > 0 {
		return nil, fmt.Errorf("line %d: %s without its end", opened, openText)
	}
	return doc, keep()
}

// tag takes what belongs to a package. A nil one is none: tags of other things are
// passed over.
func (c *component) tag(tag, value string) (err error) {
	if c == nil {
		return nil
	}
	switch tag {
	case "PackageVersion":
		c.version, err = bounded(tag, value)
	case "PrimaryPackagePurpose":
		c.kind, err = bounded(tag, purpose(value))
	case "PackageLicenseDeclared":
		c.licence(value)
	case "ExternalRef":
		fields := strings.Fields(value)
		if len(fields) != 3 {
			return errors.New("an ExternalRef without category, type and locator")
		}
		if strings.EqualFold(fields[1], "purl") {
			var purl string
			purl, err = bounded(tag, fields[2])
			c.purls = append(c.purls, purl)
		}
	}
	return err
}
