package vulndb

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
)

// ManifestFile names the files that belong together: whoever replaces it replaces
// the database.
const ManifestFile = "manifest.json"

const manifestFile = ManifestFile

// format tells our manifests from other files of that name.
const format = "boltseal vulnerability database"

// Manifest is what a built database says of itself.
type Manifest struct {
	Format string `json:"format"`
	Schema int    `json:"schema"`
	// Built is the date of the database, RFC 3339.
	Built string `json:"built"`
	// KEV and EPSS are the dates of the enrichment, empty without it.
	KEV  string `json:"kev,omitempty"`
	EPSS string `json:"epss,omitempty"`
	// KEVAsOf and EPSSAsOf are when these were what their sources had, RFC 3339; empty
	// where only their own dates say how old they are.
	KEVAsOf  string `json:"kevAsOf,omitempty"`
	EPSSAsOf string `json:"epssAsOf,omitempty"`
	// Parts hold the advisories; no ecosystem is in two of them.
	Parts []Part `json:"parts"`
	// Extras is the file of KEV and EPSS.
	Extras File `json:"extras"`
}

// Part is what was made in one go: all that was built together, or one ecosystem
// that is brought up to date by itself.
type Part struct {
	// Built is when its advisories were fetched, RFC 3339; empty where they are as
	// old as the database.
	Built string `json:"built,omitempty"`
	// Matches and Texts are the files: what packages are matched with, details and
	// references.
	Matches File             `json:"matches"`
	Texts   File             `json:"texts"`
	Sources []ManifestSource `json:"sources"`
}

// File is a file beside the manifest; its name changes with its content.
type File struct {
	Name   string `json:"name"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

// ManifestSource is a SourceInfo as the manifest has it.
type ManifestSource struct {
	Ecosystem string   `json:"ecosystem"`
	Date      string   `json:"date,omitempty"`
	Records   int      `json:"records"`
	Withdrawn int      `json:"withdrawn,omitempty"`
	Bad       int      `json:"bad,omitempty"`
	BadNames  []string `json:"badNames,omitempty"`
}

// BuiltAt is Built as a time.
func (m *Manifest) BuiltAt() (time.Time, error) { return time.Parse(time.RFC3339, m.Built) }

// maxManifest bounds the manifest: a few lines for each of some hundred ecosystems.
const maxManifest = 8 << 20

// databaseFile matches the names that we give to files.
var databaseFile = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^(matches|texts|extras)-[0-9a-f]{16}\.db$`) })

// shownName is what may stand for an ecosystem or a date: it is printed as it is, at the
// beginning of a line too.
var shownName = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9 .:+/_-]{0,59}$`) })

var sha256Hex = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[0-9a-f]{64}$`) })

// ErrNotDatabase says that a folder holds no built database.
var ErrNotDatabase = errors.New("not a built database")

// Sources are the ecosystems of all parts, sorted.
func (m *Manifest) Sources() []ManifestSource {
	var all []ManifestSource
	for _, p := range m.Parts {
		all = append(all, p.Sources...)
	}
	slices.SortFunc(all, func(a, b ManifestSource) int { return strings.Compare(a.Ecosystem, b.Ecosystem) })
	return all
}

// Size is how many bytes there are to match with, and of details.
func (m *Manifest) Size() (matching, details int64) {
	matching = m.Extras.Size
	for _, p := range m.Parts {
		matching += p.Matches.Size
		details += p.Texts.Size
	}
	return matching, details
}

// of is the part that holds a family, nil where there is none.
func (m *Manifest) of(family string) *Part {
	for i := range m.Parts {
		if m.Parts[i].has(family) {
			return &m.Parts[i]
		}
	}
	return nil
}

func (p *Part) has(family string) bool {
	return slices.ContainsFunc(p.Sources, func(s ManifestSource) bool { return s.Ecosystem == family })
}

// builtAt is when the advisories of a part were fetched.
func (m *Manifest) builtAt(p *Part) string { return cmp.Or(p.Built, m.Built) }

// ReadManifest reads the manifest of a built database.
func ReadManifest(dir string) (*Manifest, error) {
	m, _, err := readManifest(dirFiles(dir))
	return m, err
}

// readManifest gives the bytes of the manifest too, which say which database it is.
func readManifest(at files) (*Manifest, []byte, error) {
	data, err := at.manifest()
	switch {
	case errors.Is(err, fs.ErrNotExist) && at.holdsAny():
		return nil, nil, fmt.Errorf("opening database %q: %w (%s is missing)", at.name(), errDamaged, manifestFile)
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil, fmt.Errorf("opening database %q: %w: it has no %s", at.name(), ErrNotDatabase, manifestFile)
	case err != nil:
		return nil, nil, fmt.Errorf("opening database: %w", err)
	}
	m, err := parseManifest(data)
	if errors.Is(err, ErrNotDatabase) && at.holdsAny() {
		err = fmt.Errorf("%w (%s is another one's)", errDamaged, manifestFile)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("opening database %q: %w", at.name(), err)
	}
	return m, data, nil
}

// parseManifest reads a manifest of any schema that is read.
func parseManifest(data []byte) (*Manifest, error) {
	var m Manifest
	if err := json.Unmarshal(data, &m); err != nil && m.Format == format {
		return nil, fmt.Errorf("%w (%s: %w)", errDamaged, manifestFile, err)
	}
	if m.Format != format {
		return nil, fmt.Errorf("%w: its %s is another one's", ErrNotDatabase, manifestFile)
	}
	if err := checkSchema(m.Schema); err != nil {
		return nil, err
	}
	if m.Schema == 1 { // had one part, and its fields stood beside the others
		m.Parts = make([]Part, 1)
		if err := json.Unmarshal(data, &m.Parts[0]); err != nil {
			return nil, fmt.Errorf("%w (%s: %w)", errDamaged, manifestFile, err)
		}
		m.Parts[0].Built = ""
	}
	if err := m.check(); err != nil {
		return nil, fmt.Errorf("%w (%s: %w)", errDamaged, manifestFile, err)
	}
	return &m, nil
}

// maxParts is far above the number of ecosystems.
const maxParts = 1000

// check refuses what we have not written.
func (m *Manifest) check() error {
	dates := []string{m.KEV, m.EPSS}
	for _, s := range m.Sources() {
		if !shownName().MatchString(s.Ecosystem) {
			return fmt.Errorf("it has an ecosystem called %q", clip(s.Ecosystem, 60))
		}
		dates = append(dates, s.Date)
	}
	for _, date := range dates {
		if date != "" && !shownName().MatchString(date) {
			return fmt.Errorf("it has the date %q", clip(date, 60))
		}
	}
	if _, err := m.BuiltAt(); err != nil {
		return err
	}
	for _, asOf := range []string{m.KEVAsOf, m.EPSSAsOf} {
		if _, err := time.Parse(time.RFC3339, asOf); asOf != "" && err != nil {
			return err
		}
	}
	if len(m.Parts) > maxParts {
		return fmt.Errorf("it has %d parts", len(m.Parts))
	}
	families := make(map[string]bool)
	for _, p := range m.Parts {
		if _, err := time.Parse(time.RFC3339, m.builtAt(&p)); err != nil {
			return err
		}
		for _, s := range p.Sources {
			if families[s.Ecosystem] {
				return fmt.Errorf("it names %q twice", clip(s.Ecosystem, 60))
			}
			families[s.Ecosystem] = true
		}
	}
	for _, f := range m.files() {
		if !databaseFile().MatchString(f.Name) || f.Size < 0 || !sha256Hex().MatchString(f.SHA256) {
			return fmt.Errorf("it names %q", clip(f.Name, 60))
		}
	}
	return nil
}

// files are all files of the database, each once.
func (m *Manifest) files() []File {
	var all []File
	add := func(f File) {
		if !slices.Contains(all, f) {
			all = append(all, f)
		}
	}
	for _, p := range m.Parts {
		add(p.Matches)
		add(p.Texts)
	}
	add(m.Extras)
	return all
}

// bytes is the manifest as it is written.
func (m *Manifest) bytes() ([]byte, error) {
	data, err := json.MarshalIndent(m, "", "  ")
	return append(data, '\n'), err
}

// manifestSources turns what was read into lines of the manifest.
func manifestSources(infos []SourceInfo) []ManifestSource {
	out := make([]ManifestSource, 0, len(infos))
	for _, s := range infos {
		out = append(out, ManifestSource{
			Ecosystem: s.Ecosystem, Date: s.Date, Records: s.Records, Withdrawn: s.Withdrawn, Bad: s.Bad, BadNames: s.BadNames,
		})
	}
	return out
}

func (s *ManifestSource) info(asOf string) SourceInfo {
	return SourceInfo{
		Ecosystem: s.Ecosystem, Date: s.Date, AsOf: asOf, Records: s.Records, Withdrawn: s.Withdrawn, Bad: s.Bad,
		BadNames: slices.Clone(s.BadNames),
	}
}
