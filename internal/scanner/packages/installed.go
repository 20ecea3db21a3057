package packages

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/google/osv-scalibr/extractor/filesystem/language/ruby/gemspec"
	"github.com/klauspost/compress/zstd"

	"github.com/boltseal/boltseal/internal/scan"
)

// isGemspec matches the specification of an installed gem. Those of the gem's own
// source say how to build it.
func isGemspec(e *scan.Entry, _ func(int) []byte) bool { return isGemspecPath(e.Path) }

func isGemspecPath(p string) bool {
	dir, name := path.Split(p)
	dir = strings.TrimSuffix(dir, "/")
	if path.Base(dir) == "default" {
		dir = path.Dir(dir)
	}
	return path.Ext(name) == ".gemspec" && path.Base(dir) == "specifications"
}

// readGemspec reads the line that RubyGems writes for quick readers:
// "# stub: rake 13.0.6 ruby lib". Of older ones the library finds the assignments.
// https://github.com/rubygems/rubygems/blob/master/lib/rubygems/stub_specification.rb
func readGemspec(ctx context.Context, p string, data []byte) (*part, error) {
	n := 0
	for line := range bytes.Lines(data) {
		if n++; n > 3 {
			break
		}
		stub, found := strings.CutPrefix(strings.TrimSpace(string(line)), "# stub: ")
		fields := strings.Fields(stub)
		if found && len(fields) >= 3 {
			return &part{Rows: []row{{Kind: "RubyGems", Name: fields[0], Version: fields[1]}}}, nil
		}
	}
	made, err := by(gemspec.New)(ctx, p, data)
	if err == nil && len(made.Rows) == 0 {
		err = errors.New("it names no gem")
	}
	return made, err
}

// isRDescription matches the description of an installed R package.
func isRDescription(e *scan.Entry, _ func(int) []byte) bool { return isRDescriptionPath(e.Path) }

func isRDescriptionPath(p string) bool {
	dir, name := path.Split(p)
	library := path.Base(path.Dir(strings.TrimSuffix(dir, "/")))
	return name == "DESCRIPTION" && (library == "library" || library == "site-library")
}

// readRDescription reads name and version of a package that R has built; what comes
// with R itself has R's version.
// https://cran.r-project.org/doc/manuals/r-release/R-exts.html#The-DESCRIPTION-file
func readRDescription(_ context.Context, _ string, data []byte) (*part, error) {
	fields := make(map[string]string)
	for line := range bytes.Lines(data) {
		key, value, found := strings.Cut(strings.TrimRight(string(line), "\r\n"), ":")
		if found && key != "" && !strings.ContainsAny(key, " \t") && len(fields) < 100 {
			fields[key] = strings.TrimSpace(value)
		}
	}
	switch {
	case fields["Built"] == "", fields["Priority"] == "base":
		return nil, nil
	case fields["Package"] == "" || fields["Version"] == "":
		return nil, errors.New("it names no package with a version")
	}
	kind := "CRAN"
	if _, found := fields["biocViews"]; found {
		kind = "Bioconductor"
	}
	return &part{Rows: []row{{Kind: kind, Name: fields["Package"], Version: fields["Version"], Licence: licences(fields["License"])}}}, nil
}

func isComposerInstalled(e *scan.Entry, _ func(int) []byte) bool {
	return strings.HasSuffix("/"+e.Path, "/composer/installed.json")
}

func isDepsJSON(e *scan.Entry, _ func(int) []byte) bool {
	return strings.HasSuffix(e.Path, ".deps.json")
}

const chiselManifest = "var/lib/chisel/manifest.wall"

// maxManifest is how many bytes a manifest of chisel has unpacked.
const maxManifest = 128 << 20

// readChisel reads what Ubuntu's chisel wrote of the packages that an image was cut
// from: a line of JSON for each, packed with zstd. It names no source packages.
// https://documentation.ubuntu.com/chisel/en/latest/reference/manifest/
func readChisel(_ context.Context, _ string, data []byte) (*part, error) {
	z, err := zstd.NewReader(bytes.NewReader(data), zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxManifest), zstd.WithDecoderLowmem(true))
	if err != nil {
		return nil, err
	}
	defer z.Close()
	text, err := io.ReadAll(io.LimitReader(z, maxManifest+1))
	switch {
	case err != nil:
		return nil, err
	case len(text) > maxManifest:
		return nil, fmt.Errorf("more than %d bytes unpacked", maxManifest)
	}
	var rows []row
	for line := range bytes.Lines(text) {
		var entry struct{ Kind, Name, Version, Arch string }
		if err := json.Unmarshal(line, &entry); err != nil {
			return nil, err
		}
		if entry.Kind != "package" {
			continue
		}
		if entry.Name == "" || entry.Version == "" || len(rows) >= maxRows {
			return nil, errors.New("a package without a name and version, or too many")
		}
		rows = append(rows, row{Kind: "deb", Name: entry.Name, Version: entry.Version, Arch: entry.Arch})
	}
	if len(rows) == 0 {
		return nil, errors.New("no package in it")
	}
	return sortedPart(rows), nil
}
