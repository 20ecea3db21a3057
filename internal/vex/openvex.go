package vex

import (
	"encoding/json"
	"fmt"
	"slices"
)

// See https://github.com/openvex/spec/blob/main/OPENVEX-SPEC.md. Documents from
// before version 0.2.0 name vulnerabilities and products as texts.
type openVEX struct {
	Timestamp   string             `json:"timestamp"`
	LastUpdated string             `json:"last_updated"`
	Statements  []openVEXStatement `json:"statements"`
}

type openVEXStatement struct {
	Vulnerability openVEXVulnerability `json:"vulnerability"`
	Timestamp     string               `json:"timestamp"`
	LastUpdated   string               `json:"last_updated"`
	Products      []openVEXProduct     `json:"products"`
	Subcomponents []openVEXPart        `json:"subcomponents"`
	Status        Status               `json:"status"`
	Justification string               `json:"justification"`
	Impact        string               `json:"impact_statement"`
}

type openVEXVulnerability struct {
	Name    string   `json:"name"`
	Aliases []string `json:"aliases"`
}

// UnmarshalJSON takes a name as well.
func (v *openVEXVulnerability) UnmarshalJSON(data []byte) error {
	if len(data) > 0 && data[0] == '"' {
		return json.Unmarshal(data, &v.Name)
	}
	type plain openVEXVulnerability
	return json.Unmarshal(data, (*plain)(v))
}

// openVEXPart is what can be named; parts of parts are nobody's.
type openVEXPart struct {
	ID          string `json:"@id"`
	Identifiers struct {
		PURL string `json:"purl"`
	} `json:"identifiers"`
}

// UnmarshalJSON takes an identifier as well.
func (p *openVEXPart) UnmarshalJSON(data []byte) error {
	if len(data) > 0 && data[0] == '"' {
		return json.Unmarshal(data, &p.ID)
	}
	type plain openVEXPart
	return json.Unmarshal(data, (*plain)(p))
}

func (p *openVEXPart) ids() []string { return present(p.ID, p.Identifiers.PURL) }

type openVEXProduct struct {
	openVEXPart
	Subcomponents []openVEXPart
}

// UnmarshalJSON takes an identifier as well.
func (p *openVEXProduct) UnmarshalJSON(data []byte) error {
	if err := p.openVEXPart.UnmarshalJSON(data); err != nil || data[0] == '"' {
		return err
	}
	var parts struct {
		Subcomponents []openVEXPart `json:"subcomponents"`
	}
	err := json.Unmarshal(data, &parts)
	p.Subcomponents = parts.Subcomponents
	return err
}

func (d *document) openVEX(data []byte) error {
	var doc openVEX
	if err := json.Unmarshal(data, &doc); err != nil {
		return err
	}
	for i := range doc.Statements {
		st := &doc.Statements[i]
		if !slices.Contains(Statuses(), st.Status) {
			return fmt.Errorf("statement %d has the unknown status %.40q", i+1, st.Status)
		}
		s := Statement{
			IDs: append([]string{st.Vulnerability.Name}, st.Vulnerability.Aliases...), Status: st.Status,
			Justification: st.Justification, Impact: st.Impact, Time: newest(st.Timestamp, st.LastUpdated),
		}
		if s.Time.IsZero() {
			s.Time = newest(doc.Timestamp, doc.LastUpdated)
		}
		also := named(st.Subcomponents)
		for i := range st.Products {
			p := st.Products[i].product(also, len(st.Subcomponents) > 0)
			if err := d.count(p); err != nil {
				return err
			}
			s.Products = append(s.Products, p)
		}
		if err := d.add(s, fmt.Sprintf("statement %d", i+1)); err != nil {
			return err
		}
	}
	return nil
}

// product gives a product and its parts, and those of its statement. One whose parts
// cannot be named is no product: it would be a statement about all of it.
func (p *openVEXProduct) product(also []string, inParts bool) Product {
	out := Product{IDs: p.ids(), Components: also} // which products share
	if own := named(p.Subcomponents); len(own) > 0 && len(out.IDs) > 0 {
		out.Components = slices.Concat(own, also)
	}
	if (inParts || len(p.Subcomponents) > 0) && len(out.Components) == 0 {
		return Product{}
	}
	return out
}

// named are the names of parts.
func named(parts []openVEXPart) []string {
	var names []string
	for i := range parts {
		names = append(names, parts[i].ids()...)
	}
	return names
}
