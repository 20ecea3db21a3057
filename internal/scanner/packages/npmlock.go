package packages

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/boltseal/boltseal/internal/inventory"
)

// The limits of an npm lockfile.
const (
	maxNPMLock     = 64 << 20
	maxNPMPackages = 200_000
	maxNPMDepth    = 500 // of dependencies in each other
)

// npmLock reads package-lock.json in one pass
// (https://docs.npmjs.com/cli/configuring-npm/package-lock-json). The library's
// reader looks for each package's line from the front of the file.
type npmLock struct {
	ctx      context.Context //nolint:containedctx // lives as long as one file is read
	dec      *json.Decoder
	data     []byte
	offset   int // up to which lines are counted
	line     int
	packages map[row]int // the first line of each, from "packages"
	nested   map[row]int // from "dependencies"
	licences map[row]string
	folders  map[string]npmFolder
	seen     int
}

// npmPackage is an entry of "packages" (versions 2 and 3).
type npmPackage struct {
	Name    string          `json:"name"`
	Version string          `json:"version"`
	Link    bool            `json:"link"`
	License json.RawMessage `json:"license"`
	// Resolved is the folder of a link. The rest are objects of names and ranges.
	Resolved                                             json.RawMessage `json:"resolved"`
	Dependencies, OptionalDependencies, PeerDependencies json.RawMessage
}

func readNPMLock(ctx context.Context, _ string, data []byte) (*part, error) {
	l := &npmLock{
		ctx: ctx, dec: json.NewDecoder(bytes.NewReader(data)), data: data, line: 1,
		packages: make(map[row]int), nested: make(map[row]int), licences: make(map[row]string), folders: make(map[string]npmFolder),
	}
	err := l.file()
	from := l.packages
	if len(from) == 0 {
		from = l.nested // version 1
	}
	made := &part{Rows: make([]row, 0, len(from))}
	for r, line := range from {
		r.Line, r.Licence = line, l.licences[r]
		made.Rows = append(made.Rows, r)
	}
	slices.SortFunc(made.Rows, compareRows)
	relate(made.Rows, "npm", len(data), l.asks())
	return made, err
}

// npmFolder is what lies in a folder: a package and the names that it asks for, or a
// link to another folder.
type npmFolder struct {
	row   row
	needs []inventory.Requirement
	link  string
}

// maxNPMLooks bounds the search for what packages ask for: in bytes of paths that are
// looked at, as many times the file.
const maxNPMLooks = 50

// asks looks for what packages ask for as node does: in the node_modules of their own
// folder, then of the folders above it.
func (l *npmLock) asks() []asking {
	all := make([]asking, 0, len(l.folders))
	left := maxNPMLooks * len(l.data)
	for _, folder := range slices.Sorted(maps.Keys(l.folders)) {
		f := l.folders[folder]
		a := asking{name: f.row.Name, version: f.row.Version}
		for _, n := range f.needs {
			if there, ok := l.near(folder, n.Name, &left); ok {
				a.needs = append(a.needs, inventory.Requirement{Name: there.Name, Version: there.Version})
			}
		}
		all = append(all, a)
	}
	return all
}

func (l *npmLock) near(folder, name string, left *int) (row, bool) {
	for {
		if *left -= len(folder) + len(name) + len("/node_modules/"); *left < 0 {
			return row{}, false
		}
		f, ok := l.folders[path.Join(folder, "node_modules", name)]
		if ok && f.link != "" {
			f, ok = l.folders[f.link]
		}
		if ok {
			return f.row, f.row.Name != ""
		}
		if folder == "." || folder == "" {
			return row{}, false
		}
		folder = path.Dir(folder)
	}
}

var errNotLock = errors.New("not a JSON object: no lockfile")

func (l *npmLock) file() error {
	ok, err := l.object(func(key string) error {
		switch key {
		case "packages":
			_, err := l.object(l.pkg)
			return err
		case "dependencies":
			return l.dependencies(1)
		}
		return l.skip()
	})
	if err == nil && !ok {
		err = errNotLock
	}
	if err == nil && l.dec.More() {
		err = errors.New("more than one JSON value")
	}
	return err
}

// object calls visit for each key of an object, which reads the value. A null is
// none, and no error.
func (l *npmLock) object(visit func(key string) error) (bool, error) {
	open, err := l.dec.Token()
	if err != nil || open == nil {
		return false, err
	}
	if open != json.Delim('{') {
		return false, fmt.Errorf("line %d: not an object", l.lineHere())
	}
	for l.dec.More() {
		key, err := l.dec.Token()
		if err != nil {
			return false, err
		}
		name, ok := key.(string)
		if !ok {
			return false, fmt.Errorf("line %d: a key that is no text", l.lineHere())
		}
		if err := visit(name); err != nil {
			return false, err
		}
	}
	_, err = l.dec.Token()
	return err == nil, err
}

// skip reads a value without looking at it.
func (l *npmLock) skip() error {
	var value json.RawMessage
	return l.dec.Decode(&value)
}

// lineHere is the line of what was read last. It only ever moves on.
func (l *npmLock) lineHere() int {
	if at := int(l.dec.InputOffset()); at > l.offset {
		l.line += bytes.Count(l.data[l.offset:at], []byte{'\n'})
		l.offset = at
	}
	return l.line
}

// count holds the file to its limits.
func (l *npmLock) count() error {
	if l.seen++; l.seen > maxNPMPackages {
		return fmt.Errorf("more than %d packages", maxNPMPackages)
	}
	if l.seen%1024 == 0 {
		return l.ctx.Err()
	}
	return nil
}

// pkg reads an entry of "packages": the key is its folder.
func (l *npmLock) pkg(folder string) error {
	line := l.lineHere()
	if err := l.count(); err != nil {
		return err
	}
	var p npmPackage
	if err := l.dec.Decode(&p); err != nil {
		return fmt.Errorf("line %d: %w", line, err)
	}
	if p.Link {
		var to string
		if json.Unmarshal(p.Resolved, &to) == nil {
			l.folders[folder] = npmFolder{link: path.Clean(to)}
		}
	}
	if folder == "" || p.Link {
		return nil // the project itself; a link to what has an entry of its own
	}
	if p.Name == "" {
		p.Name = folderName(folder)
	}
	r, ok := keep(l.packages, p.Name, p.Version, line)
	if !ok {
		return nil
	}
	if l.licences[r] == "" {
		l.licences[r] = npmLicence(p.License)
	}
	l.folders[folder] = npmFolder{row: r, needs: slices.Concat(namesOf(p.Dependencies), namesOf(p.OptionalDependencies), namesOf(p.PeerDependencies))}
	return nil
}

// folderName gives the package's name: the last one or, with a scope, two parts.
func folderName(folder string) string {
	name := path.Base(folder)
	if scope := path.Base(path.Dir(folder)); strings.HasPrefix(scope, "@") {
		return scope + "/" + name
	}
	return name
}

// dependencies reads the "dependencies" of version 1, which lie in each other.
func (l *npmLock) dependencies(depth int) error {
	if depth > maxNPMDepth {
		return fmt.Errorf("more than %d dependencies in each other", maxNPMDepth)
	}
	_, err := l.object(func(name string) error {
		line := l.lineHere()
		if err := l.count(); err != nil {
			return err
		}
		version := ""
		ok, err := l.object(func(key string) error {
			switch key {
			case "version":
				return l.dec.Decode(&version)
			case "dependencies":
				return l.dependencies(depth + 1)
			}
			return l.skip()
		})
		if err == nil && ok {
			name, version = alias(name, version)
			keep(l.nested, name, version, line)
		}
		return err
	})
	return err
}

// alias gives what a dependency really is: "npm:string-width@4.2.0".
func alias(name, version string) (string, string) {
	spec, ok := strings.CutPrefix(version, "npm:")
	if !ok {
		return name, version
	}
	if at := strings.LastIndexByte(spec, '@'); at > 0 {
		return spec[:at], spec[at+1:]
	}
	return spec, ""
}

// keep takes a package in. A repository, an archive or a folder in the place of a
// version says nothing of the version.
func keep(to map[row]int, name, version string, line int) (row, bool) {
	if strings.ContainsAny(version, ":/#") {
		version = ""
	}
	r := row{Kind: "npm", Name: strings.Clone(name), Version: strings.Clone(version)}
	if first, ok := to[r]; name != "" && (!ok || line < first) {
		to[r] = line
	}
	return r, name != ""
}
