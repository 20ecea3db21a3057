package sbom

import (
	"encoding/json"

	"github.com/boltseal/boltseal/internal/inventory"
	"github.com/boltseal/boltseal/internal/scan"
)

// maxRelations is how many relations of one document are kept.
const maxRelations = 2_000_000

// relation says that a component asks for another one, by the names that the document
// gives them.
type relation struct{ from, to string }

// relate keeps a relation. What is beyond the limit is left out: a list is good without.
func (d *document) relate(from, to string) {
	if from != "" && to != "" && len(d.relations) < maxRelations {
		d.relations = append(d.relations, relation{from, to})
	}
}

// name takes a text that is good to have, as what the document calls a component; odd
// things are none.
func (r *jsonReader) name(into *string) error {
	var raw json.RawMessage
	if err := r.dec.Decode(&raw); err != nil {
		return err
	}
	if len(raw) <= maxText && json.Unmarshal(raw, into) != nil {
		*into = ""
	}
	return nil
}

// dependencies takes those of CycloneDX.
func (r *jsonReader) dependencies() error {
	return r.each(func(raw json.RawMessage) {
		var d struct {
			Ref       string
			DependsOn []string
		}
		if json.Unmarshal(raw, &d) != nil {
			return
		}
		for _, to := range d.DependsOn {
			r.doc.relate(d.Ref, to)
		}
	})
}

// relationships takes those of SPDX, which has words for both directions.
func (r *jsonReader) relationships() error {
	return r.each(func(raw json.RawMessage) {
		var d struct{ SpdxElementID, RelatedSpdxElement, RelationshipType string }
		if json.Unmarshal(raw, &d) != nil {
			return
		}
		switch d.RelationshipType {
		case "DEPENDS_ON":
			r.doc.relate(d.SpdxElementID, d.RelatedSpdxElement)
		case "DEPENDENCY_OF":
			r.doc.relate(d.RelatedSpdxElement, d.SpdxElementID)
		}
	})
}

// each visits the elements of a list, and passes over what is none.
func (r *jsonReader) each(visit func(raw json.RawMessage)) error {
	var raw json.RawMessage
	if err := r.dec.Decode(&raw); err != nil {
		return err
	}
	var list []json.RawMessage
	if json.Unmarshal(raw, &list) != nil {
		return nil //nolint:nilerr // of no known form
	}
	for _, one := range list {
		visit(one)
	}
	return nil
}

// require tells packages what they ask for. of gives the name of the component that each
// was made of. All of it takes no more room than the document, twice.
func (d *document) require(packages []inventory.Package, of []string) {
	index := make(map[string][]int)
	for i, name := range of {
		if name != "" {
			index[name] = append(index[name], i)
		}
	}
	left := 2 * d.size
	for _, r := range d.relations {
		for _, from := range index[r.from] {
			for _, to := range index[r.to] {
				p, q := &packages[from], &packages[to]
				if left -= len(q.Name) + len(q.Version) + 1; left < 0 {
					return
				}
				if from != to && p.Ecosystem == q.Ecosystem {
					p.Requires = append(p.Requires, inventory.Requirement{Name: q.Name, Version: q.Version})
				}
			}
		}
	}
}

// sorted puts what packages ask for in order.
func sorted(out *scan.Listed) {
	for i := range out.Packages {
		p := &out.Packages[i]
		p.Requires = inventory.SortedRequirements(p.Requires)
	}
}
