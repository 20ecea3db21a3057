package packages

import (
	"context"
	"errors"
	"path"

	"github.com/boltseal/boltseal/internal/scan"
)

const kindConda = "conda"

// isConda matches the record of a package in an environment of conda's.
func isConda(e *scan.Entry, _ func(int) []byte) bool {
	return path.Ext(e.Path) == ".json" && path.Base(path.Dir(e.Path)) == "conda-meta"
}

// readConda reads what conda, mamba and pixi keep of an installed package. Python
// distributions among them are listed as those, too: advisories know them by that name.
// The channel is left out: its address can hold a token. The library's reader knows
// environments below "envs" only, and takes all for packages of PyPI.
// https://conda.github.io/rattler/py-rattler/prefix_record
func readConda(_ context.Context, _ string, data []byte) (*part, error) {
	var record struct{ Name, Version, Build, Subdir, License string }
	if err := decodeJSON(data, &record); err != nil {
		return nil, err
	}
	if record.Name == "" || record.Version == "" {
		return nil, errors.New("it names no package with a version")
	}
	return &part{Rows: []row{{
		Kind: kindConda, Name: record.Name, Version: record.Version, Licence: licences(record.License),
		Qualifiers: joinQualifiers(map[string]string{"build": record.Build, "subdir": record.Subdir}),
	}}}, nil
}
