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

	"github.com/boltseal/boltseal/internal/inventory"
)

// Open opens a built database, or advisories in OSV form as OpenFolder does.
func Open(path string) (DB, error) {
	if info, err := os.Stat(path); err != nil || !info.IsDir() {
		return OpenFolder(path)
	}
	db, err := OpenDatabase(path)
	if errors.Is(err, ErrNotDatabase) {
		return OpenFolder(path)
	}
	if err != nil {
		return nil, err
	}
	return db, nil
}

// Database is a built database: a DB that reads no more than is asked for. It is
// safe for concurrent use.
type Database struct {
	dir      string
	manifest *Manifest
	matches  *matchFile
	extras   *extraFile
	texts    func() (*blockFile, error)

	mu       sync.Mutex
	release  []func() error
	families map[string]func() (*familyFile, error)
}

// OpenDatabase opens a built database.
func OpenDatabase(dir string) (*Database, error) {
	db, err := openDatabase(dir)
	if errors.Is(err, fs.ErrNotExist) { // replaced between its manifest and its files
		db, err = openDatabase(dir)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: %w", errDamaged, err)
	}
	return db, err
}

func openDatabase(dir string) (*Database, error) {
	m, err := ReadManifest(dir)
	if err != nil {
		return nil, err
	}
	db := &Database{dir: dir, manifest: m, families: make(map[string]func() (*familyFile, error))}
	if err := db.open(); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	db.texts = sync.OnceValues(func() (*blockFile, error) {
		data, err := db.mapped(m.Texts)
		if err != nil {
			return nil, err
		}
		f, err := openBlocks(data, kindTexts)
		return f, db.fault(m.Texts, err)
	})
	return db, nil
}

func (db *Database) open() error {
	data, err := db.mapped(db.manifest.Matches)
	if err != nil {
		return err
	}
	if db.matches, err = openMatches(data); err != nil {
		return db.fault(db.manifest.Matches, err)
	}
	if data, err = db.mapped(db.manifest.Extras); err != nil {
		return err
	}
	db.extras, err = openExtras(data)
	return db.fault(db.manifest.Extras, err)
}

func (db *Database) fault(f File, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("opening database %q: %s: %w", db.dir, f.Name, err)
}

// mapped gives the bytes of a file until the database is closed.
func (db *Database) mapped(f File) ([]byte, error) {
	data, release, err := openMapped(filepath.Join(db.dir, f.Name))
	if err != nil {
		return nil, fmt.Errorf("opening database: %w", err)
	}
	db.mu.Lock()
	db.release = append(db.release, release)
	db.mu.Unlock()
	if int64(len(data)) != f.Size {
		return nil, db.fault(f, fmt.Errorf("%w (it has %d of %d bytes)", errDamaged, len(data), f.Size))
	}
	return data, nil
}

// Query implements DB. Packages are looked up in the order of the file.
func (db *Database) Query(ctx context.Context, packages []inventory.Package) ([]Match, error) {
	matches := make([]Match, len(packages))
	order := make([]int, len(packages))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int {
		p, q := &packages[a], &packages[b]
		return cmp.Or(strings.Compare(p.Ecosystem, q.Ecosystem), strings.Compare(p.Name, q.Name), cmp.Compare(a, b))
	})
	for _, i := range order {
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
			m := match(f.family, f, p)
			m.Err = errors.Join(m.Err, enrich(db.extras, m.Advisories))
			matches[i] = m
		}
	}
	if len(packages) == 0 {
		return nil, nil
	}
	return matches, nil
}

// family gives a family, nil where there is nothing of it.
func (db *Database) family(name string) (*familyFile, error) {
	db.mu.Lock()
	load := db.families[name]
	if load == nil {
		if db.matches.sections["f/"+name] == nil {
			db.mu.Unlock()
			return nil, nil
		}
		load = sync.OnceValues(func() (*familyFile, error) { return db.matches.open(name) })
		db.families[name] = load
	}
	db.mu.Unlock()
	return load()
}

// Describe gives what the record with an id says at length; the zero value where it
// says nothing. Only this reads the file of details and references.
func (db *Database) Describe(id string) (Description, error) {
	f, err := db.texts()
	if err != nil {
		return Description{}, err
	}
	return f.describe(id)
}

// Manifest gives the manifest as it was read.
func (db *Database) Manifest() *Manifest { return db.manifest }

// Info implements DB: of the sources, those that were asked for.
func (db *Database) Info() Info {
	info := Info{Kind: "database", Built: db.manifest.Built, KEVDate: db.extras.kevDate, EPSSDate: db.extras.epssDate}
	db.mu.Lock()
	defer db.mu.Unlock()
	for _, s := range db.manifest.Sources {
		if db.families[s.Ecosystem] != nil {
			s.BadNames = slices.Clone(s.BadNames)
			info.Sources = append(info.Sources, SourceInfo(s))
		}
	}
	return info
}

// Verify reads everything and compares the checksums.
func (db *Database) Verify() error {
	texts, err := db.texts()
	if err != nil {
		return err
	}
	for _, f := range []struct {
		File
		blocks *blockFile
	}{{db.manifest.Matches, db.matches.blockFile}, {db.manifest.Texts, texts}, {db.manifest.Extras, db.extras.blockFile}} {
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
	if db.matches != nil {
		db.matches.close()
	}
	if db.extras != nil {
		db.extras.close()
	}
	db.mu.Lock()
	defer db.mu.Unlock()
	var err error
	for _, release := range db.release {
		err = errors.Join(err, release())
	}
	db.release = nil
	return err
}
