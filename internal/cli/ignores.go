package cli

import (
	"context"

	"github.com/boltseal/boltseal/internal/scan"
	"github.com/boltseal/boltseal/internal/scanner/packages"
)

// ignores reads other scanners' ignore files for the vulnerabilities of the targets:
// from a tree's folder and the root of its repository, for everything else from the
// current folder's.
func (o scanOptions) ignores(ctx context.Context, targets []target) (func(scan.Target) *packages.Ignores, error) {
	byName := make(map[string]*packages.Ignores)
	for _, t := range targets {
		if t.scheme != "dir" && t.scheme != "staged" {
			continue
		}
		own, err := o.ignoresOf(ctx, t.dir())
		if err != nil {
			return nil, err
		}
		byName[t.name()] = own
	}
	here, err := o.ignoresOf(ctx, ".")
	if err != nil {
		return nil, err
	}
	return func(t scan.Target) *packages.Ignores {
		if own, ok := byName[t.Name]; ok {
			return own
		}
		return here
	}, nil
}

func (o scanOptions) ignoresOf(ctx context.Context, folder string) (*packages.Ignores, error) {
	files, ok, err := o.nativeFilesOf(ctx, folder)
	if err != nil || !ok {
		return nil, err
	}
	var g *packages.Ignores
	for _, name := range packages.IgnoreFiles() {
		found, err := files.find(name)
		if err != nil {
			return nil, err
		}
		for _, f := range found {
			if g == nil {
				g = &packages.Ignores{}
			}
			if err := g.AddIgnores(f.name, f.text); err != nil {
				return nil, usage(err)
			}
		}
	}
	return g, nil
}
