package sbom

import (
	"encoding/json"
	"encoding/xml"
	"strings"

	"github.com/boltseal/boltseal/internal/inventory"
)

// licence keeps an expression or a name. A document that says odd things of them is read
// all the same.
func (c *component) licence(names ...string) {
	for _, name := range names {
		if said := strings.TrimSpace(name); said != "NOASSERTION" && said != "NONE" {
			c.licences = inventory.AddLicences(c.licences, said)
		}
	}
}

// licenceChoice is one of CycloneDX's licences of a component: one of SPDX's list, one by
// its name, or an expression.
type licenceChoice struct {
	License    struct{ ID, Name string }
	Expression string
}

// licences takes the "licenses" of a component of CycloneDX.
func (r *jsonReader) licences(c *component) error {
	return r.each(func(raw json.RawMessage) {
		var choice licenceChoice
		if json.Unmarshal(raw, &choice) == nil {
			c.licence(choice.License.ID, choice.License.Name, choice.Expression)
		}
	})
}

// declared takes the "licenseDeclared" of a package of SPDX.
func (r *jsonReader) declared(c *component) error {
	var expression string
	err := r.name(&expression)
	c.licence(expression)
	return err
}

// licences takes the licenses of a component of CycloneDX.
func (r *xmlReader) licences(e xml.StartElement, c *component) error {
	var list struct {
		License []struct {
			ID   string `xml:"id"`
			Name string `xml:"name"`
		} `xml:"license"`
		Expression []string `xml:"expression"`
	}
	if err := r.dec.DecodeElement(&list, &e); err != nil {
		return err
	}
	for _, one := range list.License {
		c.licence(one.ID, one.Name)
	}
	c.licence(list.Expression...)
	return nil
}
