package cli

import (
	"context"

	"github.com/boltseal/boltseal/internal/scanner/secrets"
)

// The engine's own files, as it looks for them.
const (
	gitleaksConfig = ".gitleaks.toml"
	gitleaksIgnore = ".gitleaksignore"
)

// natives reads gitleaks' own files for the targets that are trees: those that the
// user named, else those in the target's folder or at the root of its repository. In
// a change where its beginning is not known there are none.
func (o scanOptions) natives(ctx context.Context, targets []target) (map[string]secrets.Native, error) {
	all := make(map[string]secrets.Native)
	for _, t := range targets {
		if !t.isTree() {
			continue
		}
		files, ok, err := o.nativeFilesOf(ctx, t.dir())
		if err != nil {
			return nil, err
		}
		if !ok {
			continue
		}
		if all[t.name()], err = o.native(files); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// native reads the files of one target.
func (o scanOptions) native(files nativeFiles) (secrets.Native, error) {
	n := secrets.Native{Open: files.read}
	var config, baseline *nativeFile
	var err error
	if o.gitleaksConfig != "" {
		config, err = files.named(o.gitleaksConfig)
	} else {
		config, err = files.first(gitleaksConfig)
	}
	if err != nil {
		return n, err
	}
	if o.gitleaksBaseline != "" {
		if baseline, err = files.named(o.gitleaksBaseline); err != nil {
			return n, err
		}
	}
	ignored, err := files.find(gitleaksIgnore)
	if err != nil {
		return n, err
	}
	for _, f := range ignored {
		n.Ignore = append(n.Ignore, *f.secrets())
	}
	n.Config, n.Baseline = config.secrets(), baseline.secrets()
	return n, nil
}

// secrets is the file as the scanner of secrets takes it; nil where there is none.
func (f *nativeFile) secrets() *secrets.File {
	if f == nil {
		return nil
	}
	return &secrets.File{Name: f.name, Text: f.text}
}
