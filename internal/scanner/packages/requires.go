package packages

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"

	"github.com/boltseal/boltseal/internal/inventory"
)

// Which package asks for which, as far as a lockfile says. A list is good without: what
// cannot be told is left out, and no error.

// maxNeeds is how many bytes a row may take to name what it asks for.
const maxNeeds = 64 << 10

// asking is a package of a lockfile with what it asks for. Where a need has no version,
// it is the only one that the file has.
type asking struct {
	name, version string
	needs         []inventory.Requirement
}

// normal is a package of a file by the normal form of its name.
type normal struct{ name, version string }

// relations is what a file says of its rows.
type relations struct {
	kind string
	rows map[normal]inventory.Requirement
	// only has names of which there is one version.
	only map[string]inventory.Requirement
	many map[string]bool
}

func newRelations(rows []row, kind string) *relations {
	r := &relations{kind, make(map[normal]inventory.Requirement), make(map[string]inventory.Requirement), make(map[string]bool)}
	for i := range rows {
		if rows[i].Kind != kind {
			continue
		}
		found := inventory.Requirement{Name: rows[i].Name, Version: rows[i].Version}
		key := r.normal(found)
		r.rows[key] = found
		if other, ok := r.only[key.name]; ok && other.Version != found.Version {
			r.many[key.name] = true
		}
		r.only[key.name] = found
	}
	return r
}

func (r *relations) normal(n inventory.Requirement) normal {
	return normal{inventory.NormalName(r.kind, n.Name), n.Version}
}

// resolve gives the package that a need means: of that version, or the only one.
func (r *relations) resolve(n inventory.Requirement) (inventory.Requirement, bool) {
	key := r.normal(n)
	if n.Version != "" {
		found, ok := r.rows[key]
		return found, ok
	}
	found, ok := r.only[key.name]
	return found, ok && !r.many[key.name]
}

// relate adds to rows of one kind what they ask for. All of that together takes no more
// room than the file itself, twice: a short name can stand for a long one.
func relate(rows []row, kind string, room int, all []asking) {
	if len(all) == 0 {
		return
	}
	known := newRelations(rows, kind)
	needs := make(map[normal][]inventory.Requirement)
	left := 2 * room
	for _, a := range all {
		key := known.normal(inventory.Requirement{Name: a.name, Version: a.version})
		slices.SortFunc(a.needs, inventory.CompareRequirements)
		for _, n := range a.needs {
			found, ok := known.resolve(n)
			if left -= len(found.Name) + len(found.Version) + 2; left < 0 {
				break
			}
			if ok {
				needs[key] = append(needs[key], found)
			}
		}
	}
	joined := make(map[normal]string, len(needs))
	for key, list := range needs {
		joined[key] = joinNeeds(list)
	}
	for i := range rows {
		if rows[i].Kind == kind {
			key := known.normal(inventory.Requirement{Name: rows[i].Name, Version: rows[i].Version})
			rows[i].Needs = joined[key]
			delete(joined, key) // the others of its name become one package with it
		}
	}
}

// joinNeeds puts what a package asks for into a row, which is compared as a whole: one a
// line, sorted.
func joinNeeds(needs []inventory.Requirement) string {
	var b strings.Builder
	for _, n := range inventory.SortedRequirements(needs) {
		if strings.ContainsAny(n.Name+n.Version, "\t\n") || b.Len()+len(n.Name)+len(n.Version)+2 > maxNeeds {
			continue
		}
		if b.Len() > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(n.Name + "\t" + n.Version)
	}
	return b.String()
}

// splitNeeds takes a row's needs apart.
func splitNeeds(joined string) []inventory.Requirement {
	if joined == "" {
		return nil
	}
	var needs []inventory.Requirement
	for line := range strings.SplitSeq(joined, "\n") {
		name, version, _ := strings.Cut(line, "\t")
		needs = append(needs, inventory.Requirement{Name: name, Version: version})
	}
	return needs
}

// related adds what a lockfile says of its packages to what is read of it.
func related(read reader, kind string, asks func(data []byte) []asking) reader {
	return func(ctx context.Context, p string, data []byte) (*part, error) {
		made, err := read(ctx, p, data)
		if made != nil && err == nil {
			relate(made.Rows, kind, len(data), asks(data))
		}
		return made, err
	}
}

// cargoNeeds reads the dependencies of Cargo.lock: "name", with a version where there
// are several, and a source where that is not enough
// (https://doc.rust-lang.org/cargo/guide/cargo-toml-vs-cargo-lock.html).
func cargoNeeds(data []byte) []asking {
	var file struct {
		Package []struct {
			Name, Version string
			Dependencies  []string
		}
	}
	if toml.Unmarshal(data, &file) != nil {
		return nil
	}
	all := make([]asking, 0, len(file.Package))
	for _, p := range file.Package {
		a := asking{name: p.Name, version: p.Version}
		for _, d := range p.Dependencies {
			words := append(strings.Fields(d), "", "")
			a.needs = append(a.needs, inventory.Requirement{Name: words[0], Version: words[1]})
		}
		all = append(all, a)
	}
	return all
}

// poetryNeeds reads the dependencies of poetry.lock, a table of names and constraints.
func poetryNeeds(data []byte) []asking {
	var file struct {
		Package []struct {
			Name, Version string
			Dependencies  map[string]any
		}
	}
	if toml.Unmarshal(data, &file) != nil {
		return nil
	}
	all := make([]asking, 0, len(file.Package))
	for _, p := range file.Package {
		a := asking{name: p.Name, version: p.Version}
		for name := range p.Dependencies {
			a.needs = append(a.needs, inventory.Requirement{Name: name})
		}
		all = append(all, a)
	}
	return all
}

// uvNeeds reads the dependencies of uv.lock, tables with a name and, where there are
// several, a version.
func uvNeeds(data []byte) []asking {
	var file struct {
		Package []struct {
			Name, Version string
			Dependencies  []inventory.Requirement
		}
	}
	if toml.Unmarshal(data, &file) != nil {
		return nil
	}
	all := make([]asking, 0, len(file.Package))
	for _, p := range file.Package {
		all = append(all, asking{p.Name, p.Version, p.Dependencies})
	}
	return all
}

// composerNeeds reads what packages of composer.lock require; of PHP and its extensions
// none is a package.
func composerNeeds(data []byte) []asking {
	type locked struct {
		Name, Version string
		Require       json.RawMessage // a list where it is empty
	}
	var file struct {
		Packages []locked
		Dev      []locked `json:"packages-dev"`
	}
	if json.Unmarshal(data, &file) != nil {
		return nil
	}
	var all []asking
	for _, p := range slices.Concat(file.Packages, file.Dev) {
		all = append(all, asking{p.Name, p.Version, namesOf(p.Require)})
	}
	return all
}

// namesOf gives the names of an object, sorted, as needs without versions.
func namesOf(raw json.RawMessage) []inventory.Requirement {
	var object map[string]json.RawMessage
	if json.Unmarshal(raw, &object) != nil {
		return nil
	}
	needs := make([]inventory.Requirement, 0, len(object))
	for _, name := range slices.Sorted(maps.Keys(object)) {
		needs = append(needs, inventory.Requirement{Name: name})
	}
	return needs
}

// gemNeeds reads the dependencies of Gemfile.lock, below each spec and indented by two
// spaces more: "      racc (~> 1.4)".
func gemNeeds(data []byte) []asking {
	var all []asking
	for line := range strings.Lines(string(data)) {
		line = strings.TrimRight(line, "\r\n")
		spec, indented := strings.CutPrefix(line, "    ")
		need, deeper := strings.CutPrefix(spec, "  ")
		name, version, _ := strings.Cut(strings.TrimSuffix(strings.TrimSuffix(spec, "!"), ")"), " (")
		switch {
		case !indented || strings.HasPrefix(need, " "):
		case deeper && len(all) > 0:
			name, _, _ = strings.Cut(strings.TrimSuffix(need, "!"), " (")
			last := &all[len(all)-1]
			last.needs = append(last.needs, inventory.Requirement{Name: name})
		case !deeper:
			version, _, _ = strings.Cut(version, "-") // a platform
			all = append(all, asking{name: name, version: version})
		}
	}
	return all
}
