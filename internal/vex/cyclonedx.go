package vex

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// See https://cyclonedx.org/docs/1.6/json/#vulnerabilities.
type cycloneDX struct {
	SerialNumber string `json:"serialNumber"`
	Metadata     struct {
		Timestamp string             `json:"timestamp"`
		Component cycloneDXComponent `json:"component"`
	} `json:"metadata"`
	Components      []cycloneDXComponent     `json:"components"`
	Vulnerabilities []cycloneDXVulnerability `json:"vulnerabilities"`
}

type cycloneDXComponent struct {
	Ref        string               `json:"bom-ref"`
	Group      string               `json:"group"`
	Name       string               `json:"name"`
	PURL       string               `json:"purl"`
	Components []cycloneDXComponent `json:"components"`
}

type cycloneDXVulnerability struct {
	ID         string `json:"id"`
	References []struct {
		ID string `json:"id"`
	} `json:"references"`
	Updated  string `json:"updated"`
	Analysis *struct {
		State         string `json:"state"`
		Justification string `json:"justification"`
		Detail        string `json:"detail"`
		Updated       string `json:"lastUpdated"`
	} `json:"analysis"`
	Affects []cycloneDXAffected `json:"affects"`
}

type cycloneDXAffected struct {
	Ref      string `json:"ref"`
	Versions []struct {
		Version string `json:"version"`
		Range   string `json:"range"`
		Status  string `json:"status"`
	} `json:"versions"`
}

// states are the words for what OpenVEX calls otherwise.
var states = map[string]Status{
	"not_affected": NotAffected, "false_positive": NotAffected,
	"resolved": Fixed, "resolved_with_pedigree": Fixed,
	"exploitable": Affected, "in_triage": UnderInvestigation,
}

func (d *document) cycloneDX(data []byte) error {
	var doc cycloneDX
	if err := json.Unmarshal(data, &doc); err != nil {
		return err
	}
	main := &doc.Metadata.Component
	all := &cycloneDXParts{components: make(map[string]*cycloneDXComponent), main: main.Ref, product: present(main.PURL, main.Ref, fullName(main))}
	for left := append(slices.Clone(doc.Components), *main); len(left) > 0; {
		c := left[len(left)-1]
		left = append(left[:len(left)-1], c.Components...)
		if c.Ref != "" {
			all.components[c.Ref] = &c
		}
	}
	for i := range doc.Vulnerabilities {
		v := &doc.Vulnerabilities[i]
		place := fmt.Sprintf("vulnerability %d", i+1)
		if v.Analysis == nil || v.Analysis.State == "" {
			continue // of a list of software: it says nothing of how they stand
		}
		status, ok := states[v.Analysis.State]
		if !ok {
			return fmt.Errorf("%s has the unknown state %.40q", place, v.Analysis.State)
		}
		s := Statement{
			IDs: []string{v.ID}, Status: status, Justification: v.Analysis.Justification, Impact: v.Analysis.Detail,
			Time: newest(v.Updated, v.Analysis.Updated),
		}
		if v.Analysis.State == "false_positive" && s.Justification == "" {
			s.Justification = "false_positive"
		}
		if s.Time.IsZero() {
			s.Time = newest(doc.Metadata.Timestamp)
		}
		for _, r := range v.References {
			s.IDs = append(s.IDs, r.ID)
		}
		var err error
		if s.Products, err = d.affected(v, all); err != nil {
			return err
		}
		if err := d.add(s, place); err != nil {
			return err
		}
	}
	return nil
}

// affected are the products of a vulnerability: the main component, or parts of it;
// where there is none, packages wherever they are. What is said of some versions alone
// is taken where these are named, and where the analysis and they do not differ.
func (d *document) affected(v *cycloneDXVulnerability, all *cycloneDXParts) ([]Product, error) {
	var out []Product
	add := func(ids, parts []string) error {
		out = append(out, Product{IDs: ids, Components: parts})
		return d.count(out[len(out)-1])
	}
	for _, a := range v.Affects {
		ref, product := a.Ref, all.product
		if link, inner, linked := strings.Cut(ref, "#"); linked && strings.HasPrefix(ref, "urn:cdx:") {
			// A BOM-Link, urn:cdx:serial/version#ref, into a list of software of its own.
			ref = inner
			if len(product) == 0 {
				product = []string{link}
			}
		}
		if ref != "" && ref == all.main {
			if len(a.Versions) == 0 {
				if err := add(product, nil); err != nil {
					return nil, err
				}
			}
			continue
		}
		purls, err := d.purls(&a, all.purl(ref))
		if err != nil {
			return nil, err
		}
		for i := range purls {
			ids, parts := product, purls[i:i+1:i+1]
			if len(product) == 0 {
				ids, parts = parts, nil
			}
			if err := add(ids, parts); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}

// cycloneDXParts are the components of a document by what it calls them, and the names
// of the main one.
type cycloneDXParts struct {
	components map[string]*cycloneDXComponent
	main       string
	product    []string
}

// purl is that of a component; what is none may be one itself.
func (all *cycloneDXParts) purl(ref string) string {
	if c := all.components[ref]; c != nil {
		return c.PURL
	}
	return ref
}

// maxPURL is more bytes than any package URL has.
const maxPURL = 4096

// purls are those of what is affected: of a package, or of each of its versions.
func (d *document) purls(a *cycloneDXAffected, purl string) ([]string, error) {
	if !strings.HasPrefix(purl, "pkg:") || len(purl) > maxPURL {
		return nil, nil
	}
	if len(a.Versions) == 0 {
		return []string{purl}, nil
	}
	var purls []string
	for _, version := range a.Versions {
		if version.Version == "" || version.Range != "" || version.Status == "affected" || version.Status == "unknown" {
			continue
		}
		purls = append(purls, atVersion(purl, version.Version))
		if d.text += len(purl) + len(version.Version); d.text > maxText {
			return nil, fmt.Errorf("its package URLs have more than %d bytes", maxText)
		}
	}
	return purls, nil
}

func fullName(c *cycloneDXComponent) string {
	if c.Group != "" && c.Name != "" {
		return c.Group + "/" + c.Name
	}
	return cmp.Or(c.Name, c.Group)
}

// atVersion gives a package URL another version.
func atVersion(purl, version string) string {
	end := len(purl)
	if i := strings.IndexAny(purl, "?#"); i >= 0 {
		end = i
	}
	name := purl[:end]
	if i := strings.LastIndexByte(name, '@'); i > strings.LastIndexByte(name, '/')+1 {
		name = name[:i]
	}
	escaped := strings.NewReplacer("%", "%25", "@", "%40", "?", "%3F", "#", "%23", "/", "%2F").Replace(version)
	return name + "@" + escaped + purl[end:]
}
