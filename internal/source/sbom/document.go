package sbom

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/boltseal/boltseal/internal/inventory"
	"github.com/boltseal/boltseal/internal/scan"
)

// document is what is taken out of an SBOM of any format.
type document struct {
	format     string // "CycloneDX" or "SPDX"
	version    string
	components []component
	notes      []string
	relations  []relation
	size       int // of the text, in bytes
}

// component is a component of CycloneDX or a package of SPDX.
type component struct {
	name, version string
	purls         []string
	// kind is CycloneDX's type or SPDX's purpose, lower case.
	kind     string
	line     int
	licences []string
	// ref is what the document calls it.
	ref string
	// subject says that the document is about it.
	subject bool
	// sourceName and what follows are what Trivy says of a source package.
	sourceName, sourceVersion, sourceRelease, sourceEpoch string
}

// parse tells formats by their first bytes.
func parse(data []byte) (*document, error) {
	data = bytes.TrimPrefix(data, []byte("\xEF\xBB\xBF"))
	var doc *document
	var err error
	switch rest := bytes.TrimLeft(data, " \t\r\n"); {
	case len(rest) == 0:
		return nil, errors.New("the file is empty")
	case rest[0] == '{':
		doc, err = parseJSON(data)
	case rest[0] == '<':
		doc, err = parseXML(data)
	case isTagValue(data):
		doc, err = parseTagValue(data)
	default:
		return nil, errors.New("neither CycloneDX (JSON, XML) nor SPDX (JSON, tag-value)")
	}
	if err != nil {
		return nil, err
	}
	doc.size = len(data)
	return doc, doc.checkVersion()
}

// The versions of the formats that are known. The parts that are read have not
// changed among them.
var (
	cycloneDXVersions = []string{"1.2", "1.3", "1.4", "1.5", "1.6"}
	spdxVersions      = []string{"SPDX-2.1", "SPDX-2.2", "SPDX-2.3"}
)

// checkVersion refuses what is laid out otherwise, and notes what is newer.
func (d *document) checkVersion() error {
	known, major := cycloneDXVersions, "1."
	if d.format == formatSPDX {
		known, major = spdxVersions, "SPDX-2."
	}
	switch {
	case slices.Contains(known, d.version):
		return nil
	case d.version == "":
		return fmt.Errorf("a %s document that does not say of which version", d.format)
	case !strings.HasPrefix(d.version, major) || d.version < known[0]:
		return fmt.Errorf("%s %q is not read; there are %s", d.format, d.version, strings.Join(known, ", "))
	}
	d.notes = append(d.notes, fmt.Sprintf("%s %q is newer than what is known, and read as %s", d.format, d.version, known[len(known)-1]))
	return nil
}

// The formats.
const (
	formatCycloneDX = "CycloneDX"
	formatSPDX      = "SPDX"
)

// add takes a component.
func (d *document) add(c component) error {
	if len(d.components) >= MaxComponents {
		return fmt.Errorf("more than %d components", MaxComponents)
	}
	d.components = append(d.components, c)
	return nil
}

// operatingSystem gives the distribution that the document names; the zero value
// where it names none, or several.
func (d *document) operatingSystem() inventory.Distro {
	var found inventory.Distro
	for i := range d.components {
		c := &d.components[i]
		if c.kind != "operating-system" || c.name == "" {
			continue
		}
		next := inventory.Distro{ID: inventory.DistroID(c.name), VersionID: c.version}
		if found != (inventory.Distro{}) && found != next {
			return inventory.Distro{}
		}
		found = next
	}
	return found
}

// noSoftware are kinds of component that nobody expects to have a package URL.
var noSoftware = []string{
	"operating-system", "file", "data", "device", "device-driver", "platform", "cryptographic-asset", "machine-learning-model",
}

// listed makes the list of packages, and tells of what is not on it.
func (d *document) listed(path string) *scan.Listed {
	out := &scan.Listed{Notes: d.notes}
	distro := d.operatingSystem()
	t := tally{types: make(map[string]int)}
	var of []string // the component of each package
	for i := range d.components {
		c := &d.components[i]
		if len(c.purls) == 0 && !c.subject && !slices.Contains(noSoftware, c.kind) {
			t.unnamed++
		}
		for _, text := range c.purls {
			p, err := inventory.FromPURL(text, distro)
			if of, ok := errors.AsType[*inventory.PURLTypeError](err); ok {
				if !c.subject {
					t.types[of.Type]++
				}
				continue
			}
			if err != nil {
				out.Problem(fmt.Sprintf("%s:%d: %v", path, c.line, err))
				continue
			}
			t.count(&p, c)
			p.Paths, p.Licenses = []string{path}, c.licences
			out.Packages, of = append(out.Packages, p), append(of, c.ref)
			out.Lines = append(out.Lines, c.line)
		}
	}
	d.require(out.Packages, of)
	sorted(out)
	t.tell(out)
	return out
}

// tally counts what cannot be matched, or not well.
type tally struct {
	unnamed, distros, sources int
	types                     map[string]int
}

// count takes what Trivy says of a source where the package URL says nothing, and
// counts packages of distributions and those that name their source.
func (t *tally) count(p *inventory.Package, c *component) {
	if !inventory.HasReleases(inventory.Family(p.Ecosystem)) {
		return
	}
	t.distros++
	if p.Source == nil && c.sourceName != "" {
		version := c.sourceVersion
		if c.sourceRelease != "" {
			version += "-" + c.sourceRelease
		}
		if c.sourceEpoch != "" && c.sourceEpoch != "0" && version != "" {
			version = c.sourceEpoch + ":" + version
		}
		t.sources++
		if s := (inventory.Source{Name: c.sourceName, Version: version}); s.Name != p.Name || s.Version != "" && s.Version != p.Version {
			p.Source = &s
		}
	} else if p.Source != nil {
		t.sources++
	}
}

// tell makes notes of what was counted. A list of which nothing could be taken is no
// clean result.
func (t *tally) tell(out *scan.Listed) {
	others := 0
	var types []string
	for _, name := range slices.Sorted(maps.Keys(t.types)) {
		others += t.types[name]
		types = append(types, fmt.Sprintf("%s (%d)", name, t.types[name]))
	}
	if len(out.Packages) == 0 && t.unnamed+others > 0 {
		out.Problem(fmt.Sprintf("none of its %d components has a package URL of a known type: nothing was checked", t.unnamed+others))
	}
	if n := len(out.Packages); n > 0 && !slices.ContainsFunc(out.Packages, func(p inventory.Package) bool { return !p.Unadvised() }) {
		out.Problem(fmt.Sprintf("OSV publishes no advisories for what it lists (%s): nothing was checked", packages(n)))
	}
	if t.unnamed > 0 {
		out.Notes = append(out.Notes, components(t.unnamed)+" without a package URL, not checked")
	}
	if others > 0 {
		const shown = 20
		if more := len(types) - shown; more > 0 {
			types = append(types[:shown], fmt.Sprintf("%d more", more))
		}
		out.Notes = append(out.Notes, fmt.Sprintf("%s of types that are not matched: %s", components(others), strings.Join(types, ", ")))
	}
	if t.distros > 0 && t.sources == 0 {
		out.Notes = append(out.Notes, "no package of the distribution names its source package (purl qualifier upstream): advisories for sources of other names are missed")
	}
}

func packages(n int) string {
	if n == 1 {
		return "1 package"
	}
	return fmt.Sprintf("%d packages", n)
}

func components(n int) string {
	if n == 1 {
		return "1 component"
	}
	return fmt.Sprintf("%d components", n)
}

// position is "line 3:14" of a byte offset.
func position(data []byte, offset int64) string {
	at := data[:max(0, min(offset, int64(len(data))))]
	line := bytes.Count(at, []byte{'\n'}) + 1
	return fmt.Sprintf("line %d:%d", line, len(at)-bytes.LastIndexByte(at, '\n'))
}

// bounded refuses texts that are longer than any name.
func bounded(what, text string) (string, error) {
	if len(text) > maxText {
		return "", fmt.Errorf("%s of %d bytes, of at most %d", what, len(text), maxText)
	}
	return text, nil
}
