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
	Subcomponents []openVEXProduct     `json:"subcomponents"`
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

type openVEXProduct struct {
	ID          string `json:"@id"`
	Identifiers struct {
		PURL string `json:"purl"`
	} `json:"identifiers"`
	Subcomponents []openVEXProduct `json:"subcomponents"`
}

// UnmarshalJSON takes an identifier as well.
func (p *openVEXProduct) UnmarshalJSON(data []byte) error {
	if len(data) > 0 && data[0] == '"' {
		return json.Unmarshal(data, &p.ID)
	}
	type plain openVEXProduct
	return json.Unmarshal(data, (*plain)(p))
}

func (p *openVEXProduct) ids() []string { return present(p.ID, p.Identifiers.PURL) }

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
		for _, p := range st.Products {
			s.Products = append(s.Products, p.product(st.Subcomponents))
		}
		if err := d.add(s, fmt.Sprintf("statement %d", i+1)); err != nil {
			return err
		}
	}
	return nil
}

// product gives a product and its parts. One whose parts cannot be named is no
// product: it would be a statement about all of it.
func (p *openVEXProduct) product(also []openVEXProduct) Product {
	out := Product{IDs: p.ids()}
	parts := slices.Concat(p.Subcomponents, also)
	for i := range parts {
		out.Components = append(out.Components, parts[i].ids()...)
	}
	if len(parts) > 0 && len(out.Components) == 0 {
		return Product{}
	}
	return out
}
