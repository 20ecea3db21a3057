package packages

import (
	"context"
	"fmt"
	"path"

	"github.com/boltseal/boltseal/internal/scan"
)

// Lines reads a file by its path and gives "kind name version:line" of every row.
func Lines(p string, data []byte) []string {
	memory := newInflation()
	e := &scan.Entry{Path: p, Size: int64(len(data)), Mode: 0o755}
	var out []string
	for _, table := range [][]format{treeFormats(memory), imageFormats(memory)} {
		for _, f := range table {
			if f.unread || f.loose || !f.match(e, func(n int) []byte { return data[:min(n, len(data))] }) {
				continue
			}
			made, _ := readFile(context.Background(), &f, p, data)
			if made == nil {
				return nil
			}
			for _, r := range made.Rows {
				out = append(out, fmt.Sprintf("%s %s %s:%d", r.Kind, r.Name, r.Version, r.Line))
			}
			return out
		}
	}
	return nil
}

// OwnLists are paths of every kind of list that this package reads by itself.
func OwnLists() []string {
	return []string{
		"Gemfile.lock", "deno.lock", "manifest.toml", "app.asar", "cpanfile.snapshot", "conda-meta/a.json", ".meta/a-1/install.json", "rocks-5.4/a/1-1/a-1-1.rockspec", "opam.locked", ".opam-switch/switch-state", "Manifest.toml", "packages/a/ab1Cd/Project.toml", "Podfile.lock", "mix.lock", "rebar.lock", "cabal.project.freeze", "stack.yaml.lock", "paket.lock",
		"Package.resolved", "packages.lock.json", "renv.lock", "a.deps.json", path.Join("vendor", "composer", "installed.json"),
		"var/lib/pacman/local/a-1-1/desc", "var/db/pkg/app-misc/a-1/PF", "library/a/DESCRIPTION", "specifications/a.gemspec", chiselManifest,
	}
}
