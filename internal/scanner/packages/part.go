package packages

import (
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"

	"github.com/boltseal/boltseal/internal/inventory"
	"github.com/boltseal/boltseal/internal/scan"
)

// partVersion changes with the meaning of a part.
const partVersion = "2"

// part is what was read of one file. It depends on nothing but that file.
type part struct {
	Version string `json:"v"`
	Format  string `json:"f"`
	Rows    []row  `json:"r,omitempty"`
	// Distro is what an os-release says.
	Distro *inventory.Distro `json:"d,omitempty"`
	// Owned are paths that belong to a distribution's package, where they could be
	// taken for something else.
	Owned []string `json:"o,omitempty"`
	// Installer is who installed a Python distribution: "pip", "rpm".
	Installer string `json:"i,omitempty"`
	// Includes are requirements files that this one includes.
	Includes []string `json:"n,omitempty"`
	// NeedsSum says that a go.mod does not list indirect modules.
	NeedsSum bool `json:"s,omitempty"`
	POM      *pom `json:"p,omitempty"`
	// Unread counts the lines of requirements that could not be read; UnreadLines are
	// the first of them.
	Unread      int   `json:"u,omitempty"`
	UnreadLines []int `json:"ul,omitempty"`
	// Pointer says that the content is kept elsewhere: there was nothing to read.
	Pointer bool `json:"l,omitempty"`
	// Failed says why a file could not be read in whole that matters only when
	// another one asks for it.
	Failed string `json:"e,omitempty"`

	identities []string // of rows, sorted; see index
}

// row is a package as a file lists it, before anything is known of other files.
type row struct {
	// Kind is the OSV ecosystem of a language's package, or an inventory.OSKind.
	Kind          string `json:"k"`
	Name          string `json:"n"`
	Version       string `json:"v,omitempty"`
	Source        string `json:"s,omitempty"`
	SourceVersion string `json:"t,omitempty"`
	Arch          string `json:"a,omitempty"`
	// Inner is the path inside an archive.
	Inner string `json:"i,omitempty"`
	Line  int    `json:"l,omitempty"`
	// Licence are the licences, one a line.
	Licence string `json:"c,omitempty"`
	// Needs is what it asks for, one a line: name, tab, version.
	Needs string `json:"q,omitempty"`
	// Qualifiers are those of the package URL, one a line: key, tab, value.
	Qualifiers string `json:"x,omitempty"`
}

// joinQualifiers puts qualifiers into a row, without those that have no value.
func joinQualifiers(qualifiers map[string]string) string {
	var lines []string
	for _, key := range slices.Sorted(maps.Keys(qualifiers)) {
		if value := qualifiers[key]; value != "" && !strings.ContainsAny(value, "\t\r\n") {
			lines = append(lines, key+"\t"+value)
		}
	}
	return strings.Join(lines, "\n")
}

// splitQualifiers takes a row's qualifiers apart.
func splitQualifiers(joined string) map[string]string {
	if joined == "" {
		return nil
	}
	qualifiers := make(map[string]string)
	for line := range strings.SplitSeq(joined, "\n") {
		key, value, _ := strings.Cut(line, "\t")
		qualifiers[key] = value
	}
	return qualifiers
}

// The limits of a part. It may come from a cache that others can write.
const (
	maxPart     = 256 << 20
	maxRows     = 1_000_000
	maxString   = 4096
	maxIncludes = 1000 // files that one requirements file includes
	maxUnread   = 3
)

var errPart = errors.New("unusable part")

func (p *part) encode() (scan.Part, error) {
	p.Version = partVersion
	if err := p.check(); err != nil {
		return nil, err
	}
	data, err := json.Marshal(p)
	if err == nil && p.Format == formatLoose {
		data, err = pack(data)
	}
	return data, err
}

// decodePart reads what encode wrote.
func decodePart(data scan.Part) (*part, error) {
	if len(data) > maxPart {
		return nil, fmt.Errorf("%w: %d bytes", errPart, len(data))
	}
	text, err := unpack(data)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errPart, err)
	}
	var p part
	if err := json.Unmarshal(text, &p); err != nil {
		return nil, fmt.Errorf("%w: %w", errPart, err)
	}
	if p.Version != partVersion {
		return nil, fmt.Errorf("%w: version %q", errPart, p.Version)
	}
	return &p, p.check()
}

// check holds a part to its limits, on its way out and in.
func (p *part) check() error {
	if len(p.Rows) > maxRows {
		return fmt.Errorf("%w: more than %d packages", errPart, maxRows)
	}
	if len(p.Failed) > maxString || len(p.Includes) > maxIncludes || len(p.UnreadLines) > maxUnread || p.Unread < 0 {
		return fmt.Errorf("%w: more text than a file gives", errPart)
	}
	for i := range p.Rows {
		r := &p.Rows[i]
		for _, s := range []string{r.Kind, r.Name, r.Version, r.Source, r.SourceVersion, r.Arch, r.Inner, r.Licence, r.Qualifiers} {
			if len(s) > maxString {
				return fmt.Errorf("%w: a name or version of %d bytes", errPart, len(s))
			}
		}
		if len(r.Needs) > maxNeeds {
			return fmt.Errorf("%w: it asks for too much", errPart)
		}
		if r.Kind == "" || r.Name == "" || r.Line < 0 {
			return fmt.Errorf("%w: a package without a name", errPart)
		}
	}
	if p.POM != nil {
		return p.POM.check()
	}
	return nil
}

// Texts implements scan.Textual: the strings of a part, each by itself. One that cannot
// be read is a text as a whole.
func (p *pass) Texts(data scan.Part) iter.Seq[string] {
	return func(yield func(string) bool) {
		made, err := decodePart(data)
		if err != nil {
			yield(string(data))
			return
		}
		for text := range made.texts() {
			if !yield(text) {
				return
			}
		}
	}
}

// texts are all strings that come from the file.
func (p *part) texts() iter.Seq[string] {
	return func(yield func(string) bool) {
		for i := range p.Rows {
			r := &p.Rows[i]
			// Maven's "x-api:y" is no assignment: group and artifact are two texts.
			group, artifact := r.Name, ""
			if r.Kind == "Maven" {
				group, artifact, _ = strings.Cut(r.Name, ":")
			}
			for _, s := range append([]string{r.Kind, group, artifact, r.Version, r.Source, r.SourceVersion, r.Arch, r.Inner}, licenceNames(r.Licence)...) {
				if s != "" && !yield(s) {
					return
				}
			}
			// Names and versions of rows, which are looked at by themselves; a part that
			// somebody made up can hold others.
			for _, n := range splitNeeds(r.Needs) {
				if !yield(n.Name) || !yield(n.Version) {
					return
				}
			}
			for key, value := range splitQualifiers(r.Qualifiers) {
				if !yield(key) || !yield(value) {
					return
				}
			}
		}
		rest := slices.Concat(p.Owned, p.Includes, []string{p.Format, p.Installer, p.Failed})
		if d := p.Distro; d != nil {
			rest = append(rest, d.ID, d.VersionID, d.Codename, d.Version, d.Pretty)
		}
		if p.POM != nil {
			text, err := json.Marshal(p.POM)
			if err != nil {
				text = []byte(err.Error())
			}
			rest = append(rest, string(text))
		}
		for _, s := range rest {
			if s != "" && !yield(s) {
				return
			}
		}
	}
}
