package packages

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"path"
	"slices"
	"strings"
	"time"

	cpb "github.com/google/osv-scalibr/binary/proto/config_go_proto"
	"github.com/google/osv-scalibr/extractor"
	"github.com/google/osv-scalibr/extractor/filesystem"
	apkmeta "github.com/google/osv-scalibr/extractor/filesystem/os/apk/metadata"
	dpkgmeta "github.com/google/osv-scalibr/extractor/filesystem/os/dpkg/metadata"
	rpmmeta "github.com/google/osv-scalibr/extractor/filesystem/os/rpm/metadata"

	"github.com/boltseal/boltseal/internal/inventory"
)

// reader reads a file of one format.
type reader = func(ctx context.Context, p string, data []byte) (*part, error)

// config lifts the library's limits: it passes over what is larger in silence, and
// we have limits of our own.
func config() *cpb.PluginConfig {
	return &cpb.PluginConfig{
		MaxFileSizeBytes: math.MaxInt64,
		PluginSpecific: []*cpb.PluginSpecificConfig{{Config: &cpb.PluginSpecificConfig_JavaArchive{
			JavaArchive: &cpb.JavaArchiveConfig{MaxFileSizeBytes: math.MaxInt64, MaxZipDepth: 1, MinZipBytes: 1, HashJars: new(bool)},
		}}},
	}
}

// by reads with an extractor of the library.
func by(make func(*cpb.PluginConfig) (filesystem.Extractor, error)) reader {
	return func(ctx context.Context, p string, data []byte) (*part, error) {
		x, err := make(config())
		if err != nil {
			return nil, fmt.Errorf("preparing the extractor: %w", err)
		}
		rows, err := extract(ctx, x, p, data)
		return &part{Rows: rows}, err
	}
}

// readFile reads a file with its format's reader. What the library says in several
// lines becomes one; a panic is an error.
func readFile(ctx context.Context, f *format, p string, data []byte) (made *part, err error) {
	defer func() {
		if v := recover(); v != nil {
			made, err = nil, fmt.Errorf("reading %s: panic: %v", f.name, v)
		}
	}()
	made, err = f.read(ctx, p, data)
	if err != nil {
		err = fmt.Errorf("reading %s: %w", f.name, &brief{err})
	}
	return made, err
}

// brief shortens an error's text to a line.
type brief struct{ error }

func (b *brief) Error() string {
	text := strings.Join(strings.Fields(b.error.Error()), " ")
	if len(text) > 200 {
		text = strings.ToValidUTF8(text[:200], "") + "..."
	}
	return text
}

func (b *brief) Unwrap() error { return b.error }

// extract runs an extractor over one file that stands alone. Rows are sorted: the
// library ranges over maps.
func extract(ctx context.Context, x filesystem.Extractor, p string, data []byte) ([]row, error) {
	found, err := x.Extract(ctx, &filesystem.ScanInput{
		FS: nothing{}, Path: p, Reader: bytes.NewReader(data),
		Info: info{name: path.Base(p), size: int64(len(data))},
	})
	rows := make([]row, 0, len(found.Packages))
	for _, pkg := range found.Packages {
		if pkg == nil {
			continue
		}
		if r, ok := toRow(pkg); ok {
			rows = append(rows, r)
		}
	}
	slices.SortFunc(rows, compareRows)
	return slices.Compact(rows), err
}

// kinds are the kinds of row by the library's purl types. A package from git is
// still the one that its name says.
var kinds = map[string]string{
	"npm": "npm", "git": "npm", "pypi": "PyPI", "golang": "Go", "maven": "Maven",
	"cargo": "crates.io", "gem": "RubyGems", "composer": "Packagist", "nuget": "NuGet", "pub": "Pub", "conan": "ConanCenter",
	"deb": "deb", "apk": "apk", "rpm": "rpm",
}

// toRow keeps of a package what is needed; false for what is none.
func toRow(p *extractor.Package) (row, bool) {
	r := row{Kind: kinds[p.PURLType], Name: p.Name, Version: p.Version}
	if d := p.Location.Descriptor; d != nil && d.File != nil {
		r.Line = d.File.LineNumber
	}
	r.Licence = licences(p.Licenses...)
	switch m := p.Metadata.(type) {
	case *dpkgmeta.Metadata:
		r.Arch, r.Source, r.SourceVersion = m.Architecture, m.SourceName, m.SourceVersion
	case *apkmeta.Metadata:
		r.Arch, r.Source = m.Architecture, m.OriginName
	case *rpmmeta.Metadata:
		r.rpm(m)
	}
	if r.Source == r.Name && (r.SourceVersion == "" || r.SourceVersion == r.Version) {
		r.Source, r.SourceVersion = "", ""
	}
	switch {
	case r.Kind == "" || r.Name == "":
		return row{}, false
	case r.Kind == "rpm" && r.Name == "gpg-pubkey": // a key, kept as a package
		return row{}, false
	case r.Kind == "npm" && r.Version == "0.0.0-use.local": // a workspace of yarn's
		return row{}, false
	}
	if r.Kind == "Go" {
		return r.golang()
	}
	return r, true
}

// rpm takes the epoch into versions, and the source's name and version out of its
// file name: "openssl-3.0.7-24.el9.src.rpm".
func (r *row) rpm(m *rpmmeta.Metadata) {
	epoch := ""
	if m.Epoch > 0 {
		epoch = fmt.Sprintf("%d:", m.Epoch)
	}
	r.Arch = m.Architecture
	r.Version = epoch + r.Version
	source := inventory.SourceRPM(m.SourceRPM, strings.TrimSuffix(epoch, ":"))
	r.Source, r.SourceVersion = source.Name, source.Version
}

// golang gives Go's own library the name that advisories use, and drops what a
// replacement took from a folder.
func (r row) golang() (row, bool) {
	if r.Name == "go" {
		r.Name = "stdlib"
	}
	if r.Version == "(devel)" {
		r.Version = ""
	}
	for _, prefix := range []string{"./", "../", "/"} {
		if strings.HasPrefix(r.Name, prefix) {
			return row{}, false
		}
	}
	return r, true
}

func compareRows(a, b row) int {
	return cmp.Or(
		strings.Compare(a.Kind, b.Kind), strings.Compare(a.Name, b.Name), strings.Compare(a.Version, b.Version),
		strings.Compare(a.Source, b.Source), strings.Compare(a.SourceVersion, b.SourceVersion),
		strings.Compare(a.Arch, b.Arch), strings.Compare(a.Inner, b.Inner), cmp.Compare(a.Line, b.Line),
		strings.Compare(a.Licence, b.Licence), strings.Compare(a.Needs, b.Needs), strings.Compare(a.Qualifiers, b.Qualifiers),
	)
}

// maxLine is the longest line that the library's readers take; one of them ends
// there without a word.
const maxLine = 64 << 10

var errLongLine = errors.New("a line is longer than 64 KiB")

// shortLines refuses files with longer lines.
func shortLines(read reader) reader {
	return func(ctx context.Context, p string, data []byte) (*part, error) {
		for line := range bytes.Lines(data) {
			if len(line) >= maxLine {
				return nil, errLongLine
			}
		}
		made, err := read(ctx, p, data)
		versioned := func(r row) bool { return r.Version != "" }
		if err == nil && !slices.ContainsFunc(made.Rows, versioned) && !onlyComments(data) {
			return nil, errors.New("nothing in it is a package")
		}
		return made, err
	}
}

// onlyComments says whether a yarn.lock lists nothing at all.
func onlyComments(data []byte) bool {
	for line := range bytes.Lines(data) {
		line = bytes.TrimRight(line, "\r\n")
		if len(line) > 0 && line[0] != '#' && line[0] != ' ' && !bytes.HasPrefix(line, []byte("__metadata:")) &&
			!bytes.Contains(line, []byte("@workspace:")) {
			return false
		}
	}
	return true
}

// nothing is a file system that holds nothing: an extractor sees one file.
type nothing struct{}

func (nothing) Open(name string) (fs.File, error) {
	return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
}

func (nothing) Stat(name string) (fs.FileInfo, error) {
	return nil, &fs.PathError{Op: "stat", Path: name, Err: fs.ErrNotExist}
}

func (nothing) ReadDir(name string) ([]fs.DirEntry, error) {
	return nil, &fs.PathError{Op: "readdir", Path: name, Err: fs.ErrNotExist}
}

// info describes the file.
type info struct {
	name string
	size int64
}

func (i info) Name() string     { return i.name }
func (i info) Size() int64      { return i.size }
func (info) Mode() fs.FileMode  { return 0o755 }
func (info) ModTime() time.Time { return time.Time{} }
func (info) IsDir() bool        { return false }
func (info) Sys() any           { return nil }
