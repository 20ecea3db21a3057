package vulndb

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"time"
)

// manifestFile names the files that belong together: whoever replaces it replaces
// the database.
const manifestFile = "manifest.json"

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
	// Matches, Texts and Extras are the files: what packages are matched with,
	// details and references, KEV and EPSS.
	Matches File             `json:"matches"`
	Texts   File             `json:"texts"`
	Extras  File             `json:"extras"`
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
var databaseFile = regexp.MustCompile(`^(matches|texts|extras)-[0-9a-f]{16}\.db$`)

// ErrNotDatabase says that a folder holds no built database.
var ErrNotDatabase = errors.New("not a built database")

// ReadManifest reads the manifest of a built database.
func ReadManifest(dir string) (*Manifest, error) {
	data, err := readManifestFile(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist) && holdsFiles(dir):
		return nil, fmt.Errorf("opening database %q: %w (%s is missing)", dir, errDamaged, manifestFile)
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("opening database %q: %w: it has no %s", dir, ErrNotDatabase, manifestFile)
	case err != nil:
		return nil, fmt.Errorf("opening database: %w", err)
	}
	var m Manifest
	if err := json.Unmarshal(data, &m); err != nil && (m.Format == format || holdsFiles(dir)) {
		return nil, fmt.Errorf("opening database %q: %w (%s: %w)", dir, errDamaged, manifestFile, err)
	}
	if m.Format != format {
		if holdsFiles(dir) {
			return nil, fmt.Errorf("opening database %q: %w (%s is another one's)", dir, errDamaged, manifestFile)
		}
		return nil, fmt.Errorf("opening database %q: %w: its %s is another one's", dir, ErrNotDatabase, manifestFile)
	}
	if err := checkSchema(m.Schema); err != nil {
		return nil, fmt.Errorf("opening database %q: %w", dir, err)
	}
	if _, err := m.BuiltAt(); err != nil {
		return nil, fmt.Errorf("opening database %q: %w (%s: %w)", dir, errDamaged, manifestFile, err)
	}
	for _, f := range m.files() {
		if !databaseFile.MatchString(f.Name) || f.Size < 0 {
			return nil, fmt.Errorf("opening database %q: %w (%s names %q)", dir, errDamaged, manifestFile, clip(f.Name, 60))
		}
	}
	return &m, nil
}

func (m *Manifest) files() []File { return []File{m.Matches, m.Texts, m.Extras} }

func readManifestFile(dir string) ([]byte, error) {
	file, err := os.Open(filepath.Join(dir, manifestFile))
	if err != nil {
		return nil, err
	}
	defer file.Close() //nolint:errcheck // only read from
	data, err := io.ReadAll(io.LimitReader(file, maxManifest+1))
	if err == nil && len(data) > maxManifest {
		err = fmt.Errorf("%s: %w: more than %d bytes", manifestFile, errLimit, maxManifest)
	}
	return data, err
}

// holdsFiles says whether a folder has files of a database.
func holdsFiles(dir string) bool {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return false
	}
	for _, e := range entries {
		if databaseFile.MatchString(e.Name()) {
			return true
		}
	}
	return false
}

// manifestSources turns what was read into lines of the manifest.
func manifestSources(infos []SourceInfo) []ManifestSource {
	out := make([]ManifestSource, 0, len(infos))
	for _, s := range infos {
		out = append(out, ManifestSource(s))
	}
	return out
}
