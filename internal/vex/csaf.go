package vex

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// See https://docs.oasis-open.org/csaf/csaf/v2.0/os/csaf-v2.0-os.html, section 3.2.
type csaf struct {
	Document struct {
		Tracking struct {
			Current string `json:"current_release_date"`
			Status  string `json:"status"`
		} `json:"tracking"`
	} `json:"document"`
	Tree struct {
		Branches      []csafBranch  `json:"branches"`
		Names         []csafProduct `json:"full_product_names"`
		Groups        []csafGroup   `json:"product_groups"`
		Relationships []struct {
			Name      csafProduct `json:"full_product_name"`
			Component string      `json:"product_reference"`
			Of        string      `json:"relates_to_product_reference"`
		} `json:"relationships"`
	} `json:"product_tree"`
	Vulnerabilities []csafVulnerability `json:"vulnerabilities"`
}

type csafBranch struct {
	Branches []csafBranch `json:"branches"`
	Product  *csafProduct `json:"product"`
}

type csafProduct struct {
	ID     string `json:"product_id"`
	Name   string `json:"name"`
	Helper struct {
		PURL string `json:"purl"`
	} `json:"product_identification_helper"`
}

type csafGroup struct {
	ID       string   `json:"group_id"`
	Products []string `json:"product_ids"`
}

type csafVulnerability struct {
	CVE string `json:"cve"`
	IDs []struct {
		Text string `json:"text"`
	} `json:"ids"`
	Status struct {
		NotAffected        []string `json:"known_not_affected"`
		Affected           []string `json:"known_affected"`
		FirstAffected      []string `json:"first_affected"`
		LastAffected       []string `json:"last_affected"`
		Fixed              []string `json:"fixed"`
		FirstFixed         []string `json:"first_fixed"`
		Recommended        []string `json:"recommended"`
		UnderInvestigation []string `json:"under_investigation"`
	} `json:"product_status"`
	Flags []struct {
		Label    string   `json:"label"`
		Products []string `json:"product_ids"`
		Groups   []string `json:"group_ids"`
	} `json:"flags"`
	Threats []struct {
		Category string   `json:"category"`
		Details  string   `json:"details"`
		Products []string `json:"product_ids"`
		Groups   []string `json:"group_ids"`
	} `json:"threats"`
}

// csafTree resolves product ids.
type csafTree struct {
	products map[string]Product
	groups   map[string][]string
}

func (d *document) csaf(data []byte) error {
	var doc csaf
	if err := json.Unmarshal(data, &doc); err != nil {
		return err
	}
	if doc.Document.Tracking.Status == "draft" {
		return errors.New("it is a draft by its own word (document.tracking.status)")
	}
	tree, err := newCSAFTree(&doc)
	if err != nil {
		return err
	}
	at := newest(doc.Document.Tracking.Current)
	for i := range doc.Vulnerabilities {
		if err := d.csafVulnerability(&doc.Vulnerabilities[i], tree, at, fmt.Sprintf("vulnerability %d", i+1)); err != nil {
			return err
		}
	}
	return nil
}

// newCSAFTree knows every product by its id. A product that is part of another one is
// that one with the part as its component.
func newCSAFTree(doc *csaf) (*csafTree, error) {
	t := &csafTree{products: make(map[string]Product), groups: make(map[string][]string)}
	purls := make(map[string]string)
	add := func(p *csafProduct) {
		t.products[p.ID] = Product{IDs: present(p.Helper.PURL, p.ID, p.Name)}
		purls[p.ID] = p.Helper.PURL
	}
	for left := slices.Clone(doc.Tree.Branches); len(left) > 0; {
		last := left[len(left)-1]
		left = append(left[:len(left)-1], last.Branches...)
		if last.Product != nil {
			add(last.Product)
		}
	}
	for i := range doc.Tree.Names {
		add(&doc.Tree.Names[i])
	}
	for i := range doc.Tree.Relationships {
		r := &doc.Tree.Relationships[i]
		purl := cmp.Or(purls[r.Component], r.Name.Helper.PURL)
		if whole := t.products[r.Of]; purl != "" && len(whole.IDs) > 0 {
			t.products[r.Name.ID] = Product{IDs: whole.IDs, Components: []string{purl}}
		}
	}
	for _, g := range doc.Tree.Groups {
		t.groups[g.ID] = g.Products
	}
	if len(t.products) > maxProducts {
		return nil, fmt.Errorf("it holds more than %d products", maxProducts)
	}
	return t, nil
}

// reason is why products are not affected.
type reason struct{ justification, impact string }

func (d *document) csafVulnerability(v *csafVulnerability, tree *csafTree, at time.Time, place string) error {
	ids := []string{v.CVE}
	for _, id := range v.IDs {
		ids = append(ids, id.Text)
	}
	reasons := make(map[string]reason)
	for _, f := range v.Flags {
		named, err := d.named(tree, f.Products, f.Groups)
		if err != nil {
			return err
		}
		for _, p := range named {
			reasons[p] = reason{justification: f.Label}
		}
	}
	for _, threat := range v.Threats {
		if threat.Category != "impact" {
			continue
		}
		named, err := d.named(tree, threat.Products, threat.Groups)
		if err != nil {
			return err
		}
		for _, p := range named {
			r := reasons[p]
			r.impact = strings.TrimSpace(threat.Details)
			reasons[p] = r
		}
	}
	for _, group := range []struct {
		status   Status
		products [][]string
	}{
		{NotAffected, [][]string{v.Status.NotAffected}},
		{Affected, [][]string{v.Status.Affected, v.Status.FirstAffected, v.Status.LastAffected}},
		{Fixed, [][]string{v.Status.Fixed, v.Status.FirstFixed, v.Status.Recommended}},
		{UnderInvestigation, [][]string{v.Status.UnderInvestigation}},
	} {
		for _, id := range slices.Concat(group.products...) {
			if err := d.count(tree.products[id]); err != nil {
				return err
			}
		}
		for why, products := range tree.byReason(group.products, group.status, reasons) {
			s := Statement{IDs: ids, Products: products, Status: group.status, Justification: why.justification, Impact: why.impact, Time: at}
			if err := d.add(s, place); err != nil {
				return err
			}
		}
	}
	return nil
}

// named are the products that are named one by one and by groups.
func (d *document) named(tree *csafTree, products, groups []string) ([]string, error) {
	d.mentions += len(products)
	for _, g := range groups {
		d.mentions += 1 + len(tree.groups[g])
	}
	if d.mentions > maxMentions {
		return nil, fmt.Errorf("its flags and threats name more than %d products", maxMentions)
	}
	all := slices.Clone(products)
	for _, g := range groups {
		all = append(all, tree.groups[g]...)
	}
	return all, nil
}

// byReason gives the products of one status, those of one reason together, in the
// order of the document.
func (t *csafTree) byReason(lists [][]string, status Status, reasons map[string]reason) func(yield func(reason, []Product) bool) {
	byReason := make(map[reason][]Product)
	var order []reason
	for _, id := range slices.Concat(lists...) {
		var why reason
		if status == NotAffected {
			why = reasons[id]
		}
		if _, ok := byReason[why]; !ok {
			order = append(order, why)
		}
		byReason[why] = append(byReason[why], t.products[id])
	}
	return func(yield func(reason, []Product) bool) {
		for _, why := range order {
			if !yield(why, byReason[why]) {
				return
			}
		}
	}
}
