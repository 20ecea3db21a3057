package report

import (
	"cmp"
	"fmt"
	"io"

	"github.com/CycloneDX/cyclonedx-go"

	"github.com/boltseal/boltseal/internal/inventory"
	"github.com/boltseal/boltseal/internal/licence"
)

// writeCycloneDX writes the packages as CycloneDX 1.6 in JSON. One target is what the
// document is about; of several each holds its own packages. Which package asks for
// which is said where a lockfile says so, and unknown elsewhere.
func writeCycloneDX(w io.Writer, run *Run, _ Options) error {
	list, err := softwareOf(run)
	if err != nil {
		return err
	}
	bom := cyclonedx.NewBOM()
	bom.SpecVersion, bom.JSONSchema = cyclonedx.SpecVersion1_6, "http://cyclonedx.org/schema/bom-1.6.schema.json"
	bom.SerialNumber = "urn:uuid:" + uuidOf(list.digest)
	bom.Metadata = &cyclonedx.Metadata{
		Timestamp: list.created,
		Tools: &cyclonedx.ToolsChoice{Components: &[]cyclonedx.Component{{
			Type: cyclonedx.ComponentTypeApplication, Name: "boltseal", Version: run.Tool.Version,
			ExternalReferences: &[]cyclonedx.ExternalReference{{Type: cyclonedx.ERTypeWebsite, URL: homepage}},
		}}},
		Component: &cyclonedx.Component{BOMRef: "run", Type: cyclonedx.ComponentTypeApplication, Name: "several targets"},
	}
	if lines := facts("boltseal:scan", scanLines(run)...); len(lines) > 0 {
		bom.Metadata.Properties = &lines
	}
	parts := []cyclonedx.Component{}
	var compositions []cyclonedx.Composition
	var dependencies []cyclonedx.Dependency
	seen := newNames()
	for i := range list.targets {
		t := &list.targets[i]
		part := cyclonedxTarget(t, i, seen)
		dependencies = append(dependencies, cyclonedxNeeds(t, *part.Components)...)
		aggregate := cyclonedx.CompositionAggregateUnknown
		if !t.complete {
			aggregate = cyclonedx.CompositionAggregateIncomplete
		}
		compositions = append(compositions, cyclonedx.Composition{Aggregate: aggregate, Assemblies: &[]cyclonedx.BOMReference{cyclonedx.BOMReference(part.BOMRef)}})
		parts = append(parts, part)
	}
	if len(parts) == 1 {
		bom.Components = parts[0].Components
		parts[0].Components = nil
		bom.Metadata.Component = &parts[0]
	} else {
		bom.Components = &parts
	}
	if len(parts) == 0 { // nobody looked for packages
		compositions = []cyclonedx.Composition{{Aggregate: cyclonedx.CompositionAggregateIncomplete, Assemblies: &[]cyclonedx.BOMReference{"run"}}}
	}
	bom.Compositions = &compositions
	if len(dependencies) > 0 {
		bom.Dependencies = &dependencies
	}
	return encodeJSON(w, bom)
}

func cyclonedxTarget(t *subject, number int, seen *names) cyclonedx.Component {
	c := cyclonedx.Component{
		BOMRef: fmt.Sprintf("target-%d", number+1), Type: cyclonedx.ComponentTypeApplication, Name: cmp.Or(t.name, unnamed), Version: t.digest,
	}
	if t.image {
		c.Type = cyclonedx.ComponentTypeContainer
	}
	packages := make([]cyclonedx.Component, 0, len(t.packages))
	for _, p := range t.packages {
		packages = append(packages, cyclonedxPackage(t, p, seen))
	}
	c.Components = &packages
	return c
}

// cyclonedxNeeds says which packages ask for which; components stand as packages do.
func cyclonedxNeeds(t *subject, components []cyclonedx.Component) []cyclonedx.Dependency {
	var all []cyclonedx.Dependency
	for i, needs := range t.needs() {
		if len(needs) == 0 {
			continue
		}
		to := make([]string, len(needs))
		for n, at := range needs {
			to[n] = components[at].BOMRef
		}
		all = append(all, cyclonedx.Dependency{Ref: components[i].BOMRef, Dependencies: &to})
	}
	return all
}

func cyclonedxPackage(t *subject, p *inventory.Package, seen *names) cyclonedx.Component {
	c := cyclonedx.Component{
		BOMRef: packageID(p, seen), Type: cyclonedx.ComponentTypeLibrary, Name: cmp.Or(p.Name, unnamed), Version: p.Version, PackageURL: packageURL(p),
		Licenses: cyclonedxLicences(p.Licenses),
	}
	var at []cyclonedx.EvidenceOccurrence
	for _, file := range p.Paths {
		if file != "" {
			at = append(at, cyclonedx.EvidenceOccurrence{Location: file})
		}
	}
	if len(at) > 0 {
		c.Evidence = &cyclonedx.Evidence{Occurrences: &at}
	}
	var known []cyclonedx.Property
	for _, fact := range []struct{ name, value string }{
		{"boltseal:ecosystem", p.Ecosystem},
		{"boltseal:source", namedSource(p)},
		{"boltseal:layer", p.Layer},
		{"boltseal:layer:instruction", t.instruction(p.Layer)},
		{"boltseal:layer:dockerfile", t.built(p.Layer)},
		{"boltseal:origin", p.Origin},
	} {
		if fact.value != "" {
			known = append(known, facts(fact.name, fact.value)...)
		}
	}
	if len(known) > 0 {
		c.Properties = &known
	}
	return c
}

// cyclonedxLicences gives one expression as it is; the form takes either one or a
// list of names, and what several licences mean together is not known.
func cyclonedxLicences(all []string) *cyclonedx.Licenses {
	var list cyclonedx.Licenses
	for _, text := range all {
		expression, valid := licence.Canonical(text)
		switch {
		case text == "":
		case len(all) == 1 && valid:
			list = append(list, cyclonedx.LicenseChoice{Expression: expression})
		default:
			list = append(list, cyclonedx.LicenseChoice{License: &cyclonedx.License{Name: text}})
		}
	}
	if len(list) == 0 {
		return nil
	}
	return &list
}

func facts(name string, values ...string) []cyclonedx.Property {
	list := make([]cyclonedx.Property, len(values))
	for i, v := range values {
		list[i] = cyclonedx.Property{Name: name, Value: v}
	}
	return list
}
