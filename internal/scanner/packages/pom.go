package packages

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"maps"
	"path"
	"slices"
	"strings"
)

// pom is what is kept of a Maven project (https://maven.apache.org/pom.html):
// enough to work out the versions of its dependencies once its parents are known.
// The library drops a dependency whose version is a property of the parent.
type pom struct {
	Group    string `json:"g,omitempty"`
	Artifact string `json:"a,omitempty"`
	Version  string `json:"v,omitempty"`
	// Parent is the path of the parent's file; it counts only where that file is
	// the project that the other three name.
	Parent         string            `json:"p,omitempty"`
	ParentGroup    string            `json:"pg,omitempty"`
	ParentArtifact string            `json:"pa,omitempty"`
	ParentVersion  string            `json:"pv,omitempty"`
	Properties     map[string]string `json:"r,omitempty"`
	// Managed are versions for dependencies that have none, "group:artifact".
	Managed      map[string]string `json:"m,omitempty"`
	Dependencies []row             `json:"d,omitempty"`
}

type xmlProject struct {
	XMLName xml.Name `xml:"project"`
	Group   string   `xml:"groupId"`
	Name    string   `xml:"artifactId"`
	Version string   `xml:"version"`
	Parent  struct {
		Group    string  `xml:"groupId"`
		Name     string  `xml:"artifactId"`
		Version  string  `xml:"version"`
		Relative *string `xml:"relativePath"`
	} `xml:"parent"`
	Properties struct {
		List []xmlProperty `xml:",any"`
	} `xml:"properties"`
	Managed      []xmlDependency `xml:"dependencyManagement>dependencies>dependency"`
	Dependencies []xmlDependency `xml:"dependencies>dependency"`
}

type xmlProperty struct {
	XMLName xml.Name
	Value   string `xml:",chardata"`
}

type xmlDependency struct {
	Group   string `xml:"groupId"`
	Name    string `xml:"artifactId"`
	Version string `xml:"version"`
	Scope   string `xml:"scope"`
	Line    int    `xml:"-"`
}

// UnmarshalXML notes the line as well.
func (x *xmlDependency) UnmarshalXML(d *xml.Decoder, start xml.StartElement) error {
	type plain xmlDependency
	line, _ := d.InputPos()
	err := d.DecodeElement((*plain)(x), &start)
	x.Line = line
	return err
}

// maxDepth bounds the nesting of elements.
const maxDepth = 1000

func readPOM(_ context.Context, p string, data []byte) (*part, error) {
	if err := shallow(data); err != nil {
		return nil, err
	}
	d := newXMLDecoder(data)
	var project xmlProject
	if err := d.Decode(&project); err != nil {
		return nil, err
	}
	return &part{POM: project.pom(p)}, nil
}

func newXMLDecoder(data []byte) *xml.Decoder {
	d := xml.NewDecoder(bytes.NewReader(data))
	d.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil } // names are ASCII
	return d
}

// shallow refuses documents nested so deep that decoding them eats the stack.
func shallow(data []byte) error {
	d := newXMLDecoder(data)
	for depth := 0; ; {
		token, err := d.RawToken()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		switch token.(type) {
		case xml.StartElement:
			if depth++; depth > maxDepth {
				return fmt.Errorf("more than %d elements in each other", maxDepth)
			}
		case xml.EndElement:
			depth--
		}
	}
}

func (x *xmlProject) pom(p string) *pom {
	trim := strings.TrimSpace
	m := &pom{
		Group: trim(x.Group), Artifact: trim(x.Name), Version: trim(x.Version),
		ParentGroup: trim(x.Parent.Group), ParentArtifact: trim(x.Parent.Name), ParentVersion: trim(x.Parent.Version),
		Properties: make(map[string]string), Managed: make(map[string]string),
	}
	if m.ParentArtifact != "" {
		relative := "../pom.xml"
		if x.Parent.Relative != nil {
			relative = trim(*x.Parent.Relative)
		}
		if relative != "" {
			m.Parent = path.Join(path.Dir(p), relative)
			if path.Ext(m.Parent) != ".xml" {
				m.Parent = path.Join(m.Parent, "pom.xml")
			}
		}
	}
	for _, property := range x.Properties.List {
		if value := trim(property.Value); len(value) <= maxString {
			m.Properties[property.XMLName.Local] = value
		}
	}
	for _, dep := range x.Managed {
		if trim(dep.Scope) != "import" {
			m.Managed[dep.name()] = trim(dep.Version)
		}
	}
	for _, dep := range x.Dependencies {
		if len(dep.name()) > 1 {
			m.Dependencies = append(m.Dependencies, row{Kind: "Maven", Name: dep.name(), Version: trim(dep.Version), Line: dep.Line})
		}
	}
	return m
}

// check holds a project to the limits of a part.
func (m *pom) check() error {
	if len(m.Dependencies) > maxRows || len(m.Managed) > maxRows || len(m.Properties) > maxRows {
		return fmt.Errorf("%w: more than %d dependencies or properties", errPart, maxRows)
	}
	long := func(s string) bool { return len(s) > maxString }
	for _, texts := range []map[string]string{m.Properties, m.Managed} {
		for name, text := range texts {
			if long(name) || long(text) {
				return fmt.Errorf("%w: a name or version of more than %d bytes", errPart, maxString)
			}
		}
	}
	for _, r := range m.Dependencies {
		if long(r.Name) || long(r.Version) || r.Line < 0 {
			return fmt.Errorf("%w: a name or version of more than %d bytes", errPart, maxString)
		}
	}
	return nil
}

func (x *xmlDependency) name() string {
	return strings.TrimSpace(x.Group) + ":" + strings.TrimSpace(x.Name)
}

// maxParents bounds the chain of parents, which may be a circle.
const maxParents = 50

// resolvePOM works out a project's dependencies. A version that its files do not
// tell (of a parent in a repository, of an imported list) stays empty.
func resolvePOM(poms map[string]*pom, p string) []row {
	chain := parents(poms, p)
	if len(chain) == 0 {
		return nil
	}
	values := properties(chain)
	managed := make(map[string]string)
	for _, p := range slices.Backward(chain) { // the nearest one wins
		for name, version := range p.Managed {
			managed[interpolate(name, values)] = interpolate(version, values)
		}
	}
	rows := make([]row, 0, len(chain[0].Dependencies))
	for _, r := range chain[0].Dependencies {
		r.Name = interpolate(r.Name, values)
		r.Version = interpolate(r.Version, values)
		if r.Version == "" {
			r.Version = managed[r.Name]
		}
		r.Version = fixedVersion(r.Version)
		if len(r.Name) > maxString || len(r.Version) > maxString {
			continue
		}
		rows = append(rows, r)
	}
	return rows
}

// parents is the project with the parents that lie in the tree, nearest first.
func parents(poms map[string]*pom, p string) []*pom {
	var chain []*pom
	seen := make(map[string]bool)
	for m := poms[p]; m != nil && !seen[p] && len(chain) < maxParents; {
		seen[p] = true
		chain = append(chain, m)
		p = m.Parent
		parent := poms[p]
		if parent == nil || parent.Artifact != m.ParentArtifact {
			break
		}
		m = parent
	}
	return chain
}

// properties are those of the chain with the project's own built-in ones.
func properties(chain []*pom) map[string]string {
	values := make(map[string]string)
	for _, p := range slices.Backward(chain) {
		maps.Copy(values, p.Properties)
	}
	m := chain[0]
	version, group := m.Version, m.Group
	if version == "" {
		version = m.ParentVersion
	}
	if group == "" {
		group = m.ParentGroup
	}
	for _, prefix := range []string{"project.", "pom.", ""} {
		values[prefix+"version"], values[prefix+"groupId"], values[prefix+"artifactId"] = version, group, m.Artifact
		values[prefix+"parent.version"], values[prefix+"parent.groupId"] = m.ParentVersion, m.ParentGroup
	}
	return values
}

// interpolate puts properties in for ${name}; their values may have some as well.
// It gives up on what grows or does not end.
func interpolate(s string, values map[string]string) string {
	for range 10 {
		start := strings.LastIndex(s, "${")
		if start < 0 || len(s) > maxString {
			return s
		}
		end := strings.IndexByte(s[start:], '}')
		if end < 0 {
			return s
		}
		value, ok := values[s[start+2:start+end]]
		if !ok {
			return s
		}
		s = s[:start] + value + s[start+end+1:]
	}
	return s
}

// fixedVersion gives the one version that a requirement means, "" where it means a
// range of them, or a property that nobody sets.
func fixedVersion(s string) string {
	if strings.Contains(s, "${") {
		return ""
	}
	if inner, ok := strings.CutPrefix(s, "["); ok {
		inner, ok = strings.CutSuffix(inner, "]")
		if !ok || strings.Contains(inner, ",") {
			return ""
		}
		return strings.TrimSpace(inner)
	}
	if strings.ContainsAny(s, "(),") {
		return ""
	}
	return s
}
