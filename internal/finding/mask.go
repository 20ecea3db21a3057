package finding

import (
	"slices"
	"strings"

	"github.com/boltseal/boltseal/internal/inventory"
)

// masked gives a deep copy with every string that comes from what was scanned
// passed through mask, excerpts through maskLine. Ids, scores, digests and times that
// are ours or a database's stay as they are.
func (f Finding) masked(mask, maskLine func(string) string) Finding {
	if mask == nil {
		mask = func(s string) string { return s }
	}
	if maskLine == nil {
		maskLine = mask
	}
	f.Target = mask(f.Target)
	f.Message = mask(f.Message)
	f.Remediation = mask(f.Remediation)
	f.Ignored, f.Spared = mask(f.Ignored), mask(f.Spared)
	f.Location.Path = mask(f.Location.Path)
	f.Location.Image = mask(f.Location.Image)
	f.Location.Instruction = mask(f.Location.Instruction)
	f.Location.Built.Path = mask(f.Location.Built.Path)
	f.Excerpt = f.Excerpt.masked(maskLine)
	if f.Package != nil {
		p := MaskPackage(*f.Package, mask)
		f.Package = &p
	}
	if f.Fix != nil {
		fix := Fix{Description: mask(f.Fix.Description), Edits: slices.Clone(f.Fix.Edits)}
		for i := range fix.Edits {
			// A masked edit would write the mask into the file: a fix whose
			// text holds a secret is no safe fix.
			if mask(fix.Edits[i].Text) != fix.Edits[i].Text {
				f.Fix = nil
				break
			}
			fix.Edits[i].Path = mask(fix.Edits[i].Path)
		}
		if f.Fix != nil {
			f.Fix = &fix
		}
	}
	f.Identity, f.Compared = maskAll(f.Identity, mask), maskAll(f.Compared, mask)
	f.Controls = slices.Clone(f.Controls)
	return f
}

// MaskPackage gives a copy of p with every string from what was scanned passed
// through mask.
func MaskPackage(p inventory.Package, mask func(string) string) inventory.Package {
	name, version := mask(p.Name), mask(p.Version)
	if inventory.Family(p.Ecosystem) == "Maven" {
		name = maskHalves(p.Name, mask)
	}
	if name != p.Name || version != p.Version {
		p.PURL = "" // it spells them in its own way, which no mask may recognise
	}
	p.Target = mask(p.Target)
	p.Name, p.Version, p.PURL = name, version, mask(p.PURL)
	p.Paths = maskAll(p.Paths, mask)
	p.Licenses = maskAll(p.Licenses, mask)
	p.Requires = slices.Clone(p.Requires)
	for i, r := range p.Requires {
		p.Requires[i].Version = mask(r.Version)
		if p.Requires[i].Name = mask(r.Name); inventory.Family(p.Ecosystem) == "Maven" {
			p.Requires[i].Name = maskHalves(r.Name, mask)
		}
	}
	if p.Source != nil {
		p.Source = &inventory.Source{Name: mask(p.Source.Name), Version: mask(p.Source.Version)}
	}
	return p
}

// maskHalves masks the two halves of a Maven coordinate by themselves: together some
// read like an assignment, "inject-api:inject-api".
func maskHalves(name string, mask func(string) string) string {
	group, artifact, two := strings.Cut(name, ":")
	if !two {
		return mask(name)
	}
	return mask(group) + ":" + mask(artifact)
}

func maskAll(texts []string, mask func(string) string) []string {
	if texts == nil {
		return nil
	}
	out := make([]string, len(texts))
	for i, t := range texts {
		out[i] = mask(t)
	}
	return out
}

// Masked gives a deep copy with every string that comes from what was scanned passed
// through mask, for a finding that somebody else wrote down.
func (f Finding) Masked(mask func(string) string) Finding { return f.masked(mask, mask) }
