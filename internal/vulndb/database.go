package vulndb

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/boltseal/boltseal/internal/inventory"
)

// Open opens a built database (a folder, or a .tar file of one), or advisories in OSV
// form as OpenFolder does.
func Open(path string) (DB, error) {
	info, err := os.Stat(path)
	switch {
	case err == nil && !info.IsDir() && isTar(path):
		return databaseOrNil(OpenDatabase(path))
	case err != nil || !info.IsDir():
		return OpenFolder(path)
	}
	db, err := OpenDatabase(path)
	if errors.Is(err, ErrNotDatabase) {
		return OpenFolder(path)
	}
	return databaseOrNil(db, err)
}

// ErrNotPinned says that a database is none of those that count.
var ErrNotPinned = errors.New("not the digest of a database that counts")

// OpenPinned opens a built database whose manifest has one of the digests. The manifest
// only lists files with their checksums, so all of them are read and compared. What is
// no built database has no digest, and is refused too.
func OpenPinned(path string, pins []string) (DB, error) {
	db, err := Open(path)
	if err != nil {
		return nil, err
	}
	built, ok := db.(*Database)
	switch {
	case !ok || !slices.Contains(pins, built.Digest()):
		err = fmt.Errorf("%q: %w: %s", path, ErrNotPinned, cmp.Or(db.Info().Digest, "it has no digest, as it is no built database"))
	default:
		err = built.Verify()
	}
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return built, nil
}

// databaseOrNil gives no DB that holds a nil pointer.
func databaseOrNil(db *Database, err error) (DB, error) {
	if err != nil {
		return nil, err
	}
	return db, nil
}

func isTar(path string) bool { return strings.EqualFold(filepath.Ext(path), ".tar") }

// Database is a built database: a DB that reads no more than is asked for. It is
// safe for concurrent use.
type Database struct {
	files    files
	manifest *Manifest
	digest   string
	state    *fetchState
	parts    []*openPart
	extras   *extraFile

	mu       sync.Mutex
	held     []held
	families map[string]func() (*familyFile, error)
}

// openPart is a part whose files are open.
type openPart struct {
	*Part
	matches *matchFile
	texts   func() (*blockFile, error)
}

// OpenDatabase opens a built database: a folder, or a .tar file of one.
func OpenDatabase(path string) (*Database, error) {
	db, err := openDatabase(path)
	if errors.Is(err, fs.ErrNotExist) { // replaced between its manifest and its files
		db, err = openDatabase(path)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: %w", errDamaged, err)
	}
	return db, err
}

func openDatabase(path string) (*Database, error) {
	if isTar(path) {
		if info, err := os.Stat(path); err == nil && !info.IsDir() {
			at, err := openTar(path)
			if err != nil {
				return nil, err
			}
			return openFiles(at)
		}
	}
	return openFiles(dirFiles(path))
}

// openFiles opens the database that lies somewhere, and closes that with it.
func openFiles(at files) (*Database, error) {
	m, data, err := readManifest(at)
	if err != nil {
		return nil, errors.Join(err, at.close())
	}
	db := &Database{files: at, manifest: m, digest: "sha256:" + checksum(data), families: make(map[string]func() (*familyFile, error))}
	if dir, ok := at.(dirFiles); ok {
		db.state = readState(string(dir), db.digest)
	}
	if err := db.open(); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// AsOf is when the advisories of a family were all of its source, RFC 3339; empty
// where there are none of it.
func (db *Database) AsOf(family string) string {
	part := db.manifest.of(family)
	if part == nil {
		return ""
	}
	built := db.manifest.builtAt(part)
	if db.state == nil {
		return built
	}
	at, err := time.Parse(time.RFC3339, built)
	if checked := db.state.checked(family); err == nil && checked.After(at) {
		return checked.UTC().Format(time.RFC3339)
	}
	return built
}

func (db *Database) open() error {
	for i := range db.manifest.Parts {
		p := &openPart{Part: &db.manifest.Parts[i]}
		data, err := db.mapped(p.Matches)
		if err != nil {
			return err
		}
		if p.matches, err = openMatches(data); err != nil {
			return db.fault(p.Matches, err)
		}
		p.texts = sync.OnceValues(func() (*blockFile, error) { return db.openTexts(p.Texts) })
		db.parts = append(db.parts, p)
	}
	data, err := db.mapped(db.manifest.Extras)
	if err != nil {
		return err
	}
	db.extras, err = openExtras(data)
	return db.fault(db.manifest.Extras, err)
}

func (db *Database) openTexts(f File) (*blockFile, error) {
	data, err := db.mapped(f)
	if err != nil {
		return nil, err
	}
	texts, err := openBlocks(data, kindTexts)
	return texts, db.fault(f, err)
}

func (db *Database) fault(f File, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("opening database %q: %s: %w", db.files.name(), f.Name, err)
}

// mapped gives the bytes of a file until the database is closed.
func (db *Database) mapped(f File) ([]byte, error) {
	data, h, err := db.files.mapped(f)
	if err != nil {
		return nil, fmt.Errorf("opening database: %w", err)
	}
	db.mu.Lock()
	db.held = append(db.held, h)
	db.mu.Unlock()
	if int64(len(data)) != f.Size {
		return nil, db.fault(f, fmt.Errorf("%w (it has %d of %d bytes)", errDamaged, len(data), f.Size))
	}
	return data, nil
}

// Query implements DB. Packages are looked up in the order of the file.
func (db *Database) Query(ctx context.Context, packages []inventory.Package) ([]Match, error) {
	matches := make([]Match, len(packages))
	made := &madeEntries{}
	for _, i := range fileOrder(packages) {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		p := &packages[i]
		f, err := db.family(inventory.Family(p.Ecosystem))
		switch {
		case err != nil:
			matches[i].Err = err
		case f == nil:
			matches[i].Err = fmt.Errorf("%w for %s", ErrNoData, p.Ecosystem)
		default:
			matches[i] = match(f.family, asking{f, made}, p)
		}
	}
	known := db.extras.ask(advisoryIDs(matches))
	for i := range matches {
		m := &matches[i]
		m.Err = errors.Join(m.Err, enrich(known, m.Advisories))
	}
	db.rest()
	if len(packages) == 0 {
		return nil, nil
	}
	return matches, nil
}

// rest gives back what a query needed and nothing else does.
func (db *Database) rest() {
	db.mu.Lock()
	defer db.mu.Unlock()
	for _, h := range db.held {
		h.giveBack()
	}
	db.files.giveBack()
}

// advisoryIDs are the ids of all advisories.
func advisoryIDs(matches []Match) []string {
	var ids []string
	for i := range matches {
		for j := range matches[i].Advisories {
			a := &matches[i].Advisories[j]
			ids = append(append(ids, a.ID), a.Aliases...)
		}
	}
	return ids
}

// fileOrder gives the numbers of packages in the order in which what is said of them
// lies in the file: a family's releases are together there.
func fileOrder(packages []inventory.Package) []int {
	type place struct {
		family, name string
		number       int
	}
	places := make([]place, len(packages))
	for i := range packages {
		p := &packages[i]
		family := inventory.Family(p.Ecosystem)
		places[i] = place{family, inventory.NormalName(family, p.Lookups()[0].Name), i}
	}
	slices.SortFunc(places, func(a, b place) int {
		return cmp.Or(strings.Compare(a.family, b.family), strings.Compare(a.name, b.name), cmp.Compare(a.number, b.number))
	})
	order := make([]int, len(places))
	for i, p := range places {
		order[i] = p.number
	}
	return order
}

// family gives a family, nil where there is nothing of it.
func (db *Database) family(name string) (*familyFile, error) {
	db.mu.Lock()
	load := db.families[name]
	if load == nil {
		matches := db.holding(name)
		if matches == nil {
			db.mu.Unlock()
			return nil, nil
		}
		load = sync.OnceValues(func() (*familyFile, error) { return matches.open(name) })
		db.families[name] = load
	}
	db.mu.Unlock()
	return load()
}

// holding is the file with a family, nil where there is none.
func (db *Database) holding(family string) *matchFile {
	for _, p := range db.parts {
		if p.has(family) && p.matches.sections["f/"+family] != nil {
			return p.matches
		}
	}
	return nil
}

// Describe gives what the record with an id says at length; the zero value where it
// says nothing. Only this reads the files of details and references.
func (db *Database) Describe(id string) (Description, error) {
	for _, p := range db.parts {
		f, err := p.texts()
		if err != nil {
			return Description{}, err
		}
		d, err := f.describe(id)
		if err != nil || !d.empty() {
			return d, err
		}
	}
	return Description{}, nil
}

// About gives what KEV and EPSS say of a CVE, nil for what they do not.
func (db *Database) About(id string) (*KEV, *EPSS, error) { return db.extras.about(id) }

// Manifest gives the manifest as it was read.
func (db *Database) Manifest() *Manifest { return db.manifest }

// Digest says which database it is: "sha256:" and the hash of its manifest, which
// names all other files by theirs.
func (db *Database) Digest() string { return db.digest }

// Info implements DB: of the sources, those that were asked for.
func (db *Database) Info() Info {
	info := Info{Kind: "database", Built: db.manifest.Built, Digest: db.digest, KEVDate: db.extras.kevDate, EPSSDate: db.extras.epssDate}
	info.KEVAsOf, info.EPSSAsOf = db.KEVAsOf(), db.EPSSAsOf()
	db.mu.Lock()
	defer db.mu.Unlock()
	for _, p := range db.parts {
		for _, s := range p.Sources {
			if db.families[s.Ecosystem] != nil {
				info.Sources = append(info.Sources, s.info(db.AsOf(s.Ecosystem)))
			}
		}
	}
	slices.SortFunc(info.Sources, func(a, b SourceInfo) int { return strings.Compare(a.Ecosystem, b.Ecosystem) })
	return info
}

// Verify reads everything and compares the checksums.
func (db *Database) Verify() error {
	type pair struct {
		File
		blocks *blockFile
	}
	pairs := []pair{{db.manifest.Extras, db.extras.blockFile}}
	for _, p := range db.parts {
		texts, err := p.texts()
		if err != nil {
			return err
		}
		pairs = append(pairs, pair{p.Matches, p.matches.blockFile}, pair{p.Texts, texts})
	}
	for _, f := range pairs {
		if sum := checksum(f.blocks.data); sum != f.SHA256 {
			return db.fault(f.File, fmt.Errorf("%w (it fails its checksum)", errDamaged))
		}
		if err := f.blocks.verify(); err != nil {
			return db.fault(f.File, err)
		}
	}
	return nil
}

func checksum(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// Close implements DB.
func (db *Database) Close() error {
	for _, p := range db.parts {
		p.matches.close()
	}
	if db.extras != nil {
		db.extras.close()
	}
	db.mu.Lock()
	defer db.mu.Unlock()
	var err error
	for _, h := range db.held {
		err = errors.Join(err, h.release())
	}
	db.held = nil
	return errors.Join(err, db.files.close())
}
