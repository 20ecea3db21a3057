package packages

import (
	"bytes"
	"context"
	"errors"
	"strings"

	"github.com/pelletier/go-toml/v2"

	"github.com/boltseal/boltseal/internal/inventory"
)

// gleamManifest is what Gleam resolved a project to.
type gleamManifest struct {
	Packages []struct {
		Name, Version, Source string
		BuildTools            []string `toml:"build_tools"`
		Requirements          []string
	}
}

// readGleamManifest reads manifest.toml, a name that many files have: Gleam's say with what
// a package is built. What comes from a repository has no version of Hex.
// https://gleam.run/writing-gleam/gleam-toml/
func readGleamManifest(_ context.Context, _ string, data []byte) (*part, error) {
	if !bytes.Contains(data, []byte("build_tools")) {
		return nil, nil
	}
	var file gleamManifest
	if err := toml.Unmarshal(data, &file); err != nil {
		return nil, err
	}
	at := gleamLines(data)
	made := &part{}
	for _, p := range file.Packages {
		switch {
		case p.Name == "" || p.Version == "":
			return made, errors.New("a package without a name and version")
		case p.Source == "local": // the project's own
			continue
		case p.Source != "hex":
			p.Version = ""
		}
		made.Rows = append(made.Rows, row{Kind: "Hex", Name: p.Name, Version: p.Version, Line: at[p.Name]})
	}
	return made, nil
}

// gleamLines are the lines at which packages stand: Gleam writes one a line.
func gleamLines(data []byte) map[string]int {
	at := make(map[string]int)
	n := 0
	for line := range bytes.Lines(data) {
		n++
		if rest, found := strings.CutPrefix(strings.TrimSpace(string(line)), `{ name = "`); found {
			name, _, _ := strings.Cut(rest, `"`)
			at[name] = n
		}
	}
	return at
}

// gleamNeeds reads what packages ask for.
func gleamNeeds(data []byte) []asking {
	var file gleamManifest
	if toml.Unmarshal(data, &file) != nil {
		return nil
	}
	all := make([]asking, 0, len(file.Packages))
	for _, p := range file.Packages {
		a := asking{name: p.Name, version: p.Version}
		for _, need := range p.Requirements {
			a.needs = append(a.needs, inventory.Requirement{Name: need})
		}
		all = append(all, a)
	}
	return all
}
