package packages

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/pelletier/go-toml/v2"

	"github.com/boltseal/boltseal/internal/inventory"
	"github.com/boltseal/boltseal/internal/scan"
)

const kindJulia = "Julia"

// maxJulia is how many bytes a manifest has. It is read as a whole, into many times the room;
// hundreds of packages take a few hundred thousand.
const maxJulia = 8 << 20

// juliaManifests are the names of a manifest, which may be for one version of Julia alone.
var juliaManifests = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^(?:Julia)?Manifest(?:-v[0-9]+\.[0-9]+)?\.toml$`)
})

func isJuliaManifest(e *scan.Entry, _ func(int) []byte) bool {
	return juliaManifests().MatchString(path.Base(e.Path))
}

// juliaPackage is a package of a manifest.
type juliaPackage struct {
	name, uuid, version string
	needs               []string
}

// readJuliaManifest reads what a Julia project was resolved to. Julia's own libraries have
// no version there, or the one that Julia has shipped. The library's reader knows no
// manifests of the first format, and gives no lines.
// https://pkgdocs.julialang.org/v1/toml-files/
func readJuliaManifest(_ context.Context, _ string, data []byte) (*part, error) {
	packages, err := juliaPackages(data)
	if err != nil {
		return nil, err
	}
	at := juliaLines(data)
	made := &part{}
	for _, p := range packages {
		if p.version == "" {
			continue
		}
		r := row{Kind: kindJulia, Name: p.name, Version: p.version, Qualifiers: joinQualifiers(map[string]string{"uuid": p.uuid})}
		if lines := at[p.name]; len(lines) > 0 {
			r.Line, at[p.name] = lines[0], lines[1:]
		}
		made.Rows = append(made.Rows, r)
	}
	slices.SortFunc(made.Rows, compareRows)
	return made, nil
}

// juliaPackages reads manifests of both formats: packages are below "deps", or at the top.
// Other tools call files so, too: there a package has no UUID.
func juliaPackages(data []byte) ([]juliaPackage, error) {
	var file map[string]any
	if err := toml.Unmarshal(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")), &file); err != nil {
		return nil, err
	}
	deps, second, err := juliaDeps(file)
	if err != nil {
		return nil, err
	}
	var out []juliaPackage
	for _, name := range slices.Sorted(maps.Keys(deps)) {
		entries, _ := deps[name].([]any)
		if second && len(entries) == 0 {
			return nil, fmt.Errorf("package %s is no list of tables", (&brief{errors.New(name)}).Error())
		}
		for _, entry := range entries {
			p, ok := juliaEntry(name, entry)
			if ok {
				out = append(out, p)
			} else if second {
				return nil, fmt.Errorf("package %s has no UUID, or a version that is no text", (&brief{errors.New(name)}).Error())
			}
		}
	}
	return out, nil
}

// juliaDeps is the table of packages, and whether the manifest is of the second format.
func juliaDeps(file map[string]any) (deps map[string]any, second bool, err error) {
	format, found := file["manifest_format"]
	text, _ := format.(string)
	switch {
	case !found, strings.HasPrefix(text, "1."):
		return file, false, nil
	case !strings.HasPrefix(text, "2."):
		return nil, false, fmt.Errorf("format %v of a manifest is not known", format)
	}
	deps, ok := file["deps"].(map[string]any)
	if !ok && file["deps"] != nil {
		return nil, true, errors.New("its packages are no table")
	}
	return deps, true, nil
}

func juliaEntry(name string, entry any) (p juliaPackage, ok bool) {
	table, _ := entry.(map[string]any)
	p.name = name
	p.uuid, _ = table["uuid"].(string)
	version, versioned := table["version"]
	p.version, ok = version.(string)
	switch deps := table["deps"].(type) {
	case []any:
		for _, d := range deps {
			need, _ := d.(string)
			p.needs = append(p.needs, need)
		}
	case map[string]any: // names with UUIDs, where a name is not enough
		for need := range deps {
			p.needs = append(p.needs, need)
		}
	}
	return p, p.name != "" && p.uuid != "" && (ok || !versioned)
}

// juliaLines are the lines of "[[deps.Name]]" or "[[Name]]".
func juliaLines(data []byte) map[string][]int {
	at := make(map[string][]int)
	n := 0
	for line := range bytes.Lines(data) {
		n++
		name, found := strings.CutPrefix(strings.TrimSpace(string(line)), "[[")
		if name, closed := strings.CutSuffix(name, "]]"); found && closed {
			name = strings.Trim(strings.TrimPrefix(name, "deps."), `"`)
			at[name] = append(at[name], n)
		}
	}
	return at
}

// juliaNeeds reads what packages of a manifest ask for.
func juliaNeeds(data []byte) []asking {
	packages, err := juliaPackages(data)
	if err != nil {
		return nil
	}
	all := make([]asking, 0, len(packages))
	for _, p := range packages {
		a := asking{name: p.name, version: p.version}
		for _, need := range p.needs {
			a.needs = append(a.needs, inventory.Requirement{Name: need})
		}
		all = append(all, a)
	}
	return all
}

// isJuliaProject matches the Project.toml of an installed package: in a depot,
// "packages/Name/SLUG", or of Julia's own libraries, "stdlib/v1.10/Name".
// https://docs.julialang.org/en/v1/manual/code-loading/
func isJuliaProject(e *scan.Entry, _ func(int) []byte) bool { return isJuliaProjectPath(e.Path) }

func isJuliaProjectPath(p string) bool { return juliaFolder(p) != "" }

// juliaSlug tells versions of a package apart.
var juliaSlug = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[A-Za-z0-9]{4,5}$`) })

// juliaFolder is the name of the package in whose folder a project file lies.
func juliaFolder(p string) string {
	dir, name := path.Split(p)
	if name != "Project.toml" && name != "JuliaProject.toml" {
		return ""
	}
	inner := path.Base(dir)
	outer := path.Base(path.Dir(path.Clean(dir)))
	switch path.Base(path.Dir(path.Dir(path.Clean(dir)))) {
	case "packages":
		if juliaSlug().MatchString(inner) {
			return outer
		}
	case "stdlib":
		if strings.HasPrefix(outer, "v") {
			return inner
		}
	}
	return ""
}

// readJuliaProject reads a package's name and version. Those of Julia's own libraries that
// have none are parts of Julia.
func readJuliaProject(_ context.Context, p string, data []byte) (*part, error) {
	var file struct{ Name, UUID, Version string }
	if err := toml.Unmarshal(data, &file); err != nil {
		return nil, err
	}
	if file.Name != juliaFolder(p) || file.UUID == "" || file.Version == "" {
		return nil, nil // no package's own, or without a version
	}
	return &part{Rows: []row{{Kind: kindJulia, Name: file.Name, Version: file.Version, Qualifiers: joinQualifiers(map[string]string{"uuid": file.UUID})}}}, nil
}
