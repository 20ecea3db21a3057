package packages

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"path"
	"slices"
	"strconv"
	"strings"
)

// readDpkg minds what the library passes over in silence: a file of status.d that
// it cannot read.
func readDpkg(read reader) reader {
	return func(ctx context.Context, p string, data []byte) (*part, error) {
		made, err := read(ctx, p, data)
		if err == nil && len(made.Rows) == 0 && strings.HasPrefix(p, dpkgStatusD) && len(bytes.TrimSpace(data)) > 0 {
			return nil, errors.New("no package in it")
		}
		return made, err
	}
}

var errRPM = errors.New("it is not a database that can be read")

// readRPM gives a text of its own for what is wrong: the library's names the
// temporary file that it reads, another one each time.
func readRPM(read reader) reader {
	return func(ctx context.Context, p string, data []byte) (*part, error) {
		made, err := read(ctx, p, data)
		if err == nil {
			return made, nil
		}
		if done := ctx.Err(); done != nil {
			return made, done
		}
		return made, errRPM
	}
}

// readAPK reads packages, and the files that they own (F: names a folder, R: a
// file in it; https://wiki.alpinelinux.org/wiki/Apk_spec).
func readAPK(read reader) reader {
	return func(ctx context.Context, p string, data []byte) (*part, error) {
		made, err := read(ctx, p, data)
		if made == nil {
			return nil, err
		}
		folder := ""
		for line := range strings.Lines(string(data)) {
			line = strings.TrimRight(line, "\r\n")
			if f, ok := strings.CutPrefix(line, "F:"); ok {
				folder = f
			} else if name, ok := strings.CutPrefix(line, "R:"); ok {
				made.own(path.Join(folder, name))
			}
		}
		return made, err
	}
}

// readOwned reads the list of a package's files, or dpkg's checksums, which name them as
// well.
func readOwned(_ context.Context, p string, data []byte) (*part, error) {
	made := &part{}
	for line := range strings.Lines(string(data)) {
		line = strings.TrimRight(line, "\r\n")
		if strings.HasSuffix(p, md5sums) {
			_, line, _ = strings.Cut(line, "  ")
		}
		made.own(line)
	}
	if len(made.Owned) == 0 {
		return nil, nil
	}
	return made, nil
}

// own keeps a path that could be taken for a package of its own.
func (p *part) own(file string) {
	file = strings.TrimPrefix(path.Clean("/"+file), "/")
	if len(file) <= maxString && len(p.Owned) < maxRows && couldBePackage(file) {
		p.Owned = append(p.Owned, file)
	}
}

// couldBePackage says whether a file may be read as a package: Python metadata, a
// node module, a jar, a program. Only the distribution's own folders count: what a
// package of somebody else's puts into /opt or /app no distribution warns of.
func couldBePackage(file string) bool {
	top, rest, _ := strings.Cut(file, "/")
	if top == "usr" {
		top, _, _ = strings.Cut(rest, "/")
	}
	if !slices.Contains([]string{"bin", "sbin", "lib", "lib64", "libexec", "share"}, top) {
		return false
	}
	return isDistInfoPath(file) || isNodeModulePath(file) || isArchiveName(file) || isAsarPath(file) || isGemspecPath(file) || isRDescriptionPath(file) || isJuliaProjectPath(file) || isRockspecPath(file) ||
		strings.HasSuffix(file, ".deps.json") || strings.HasSuffix(file, "/composer/installed.json") || top != "share" && path.Ext(file) == ""
}

func readInstaller(_ context.Context, _ string, data []byte) (*part, error) {
	name := strings.TrimSpace(string(data[:min(len(data), 64)]))
	if name == "" {
		return nil, nil
	}
	return &part{Installer: name}, nil
}

// readNodeModule takes name and version itself where other fields of the file are
// not what the library wants them to be.
func readNodeModule(read reader) reader {
	return func(ctx context.Context, p string, data []byte) (*part, error) {
		made, err := read(ctx, p, data)
		if err == nil {
			return made, nil
		}
		var fields map[string]json.RawMessage
		if json.Unmarshal(data, &fields) != nil {
			return nil, err
		}
		var r row
		_ = json.Unmarshal(fields["name"], &r.Name)
		_ = json.Unmarshal(fields["version"], &r.Version)
		if r.Name == "" || r.Version == "" {
			return nil, nil // not a module that could be named
		}
		r.Kind = "npm"
		return &part{Rows: []row{r}}, nil
	}
}

// goMagic stands before the build information of a Go program, at a multiple of its
// length.
var goMagic = []byte("\xff Go buildinf:")

const goMagicAlign = 16

// readGoBinary minds what the library takes for "not a Go program": a Go program
// whose build information it could not read.
func readGoBinary(read reader) reader {
	return func(ctx context.Context, p string, data []byte) (*part, error) {
		at := goBuildInfo(data)
		if at < 0 {
			return nil, nil
		}
		made, err := read(ctx, p, data)
		if err == nil && len(made.Rows) == 0 && !mentionsOnly(data[at:]) {
			return nil, errors.New("it has Go build information, which could not be read")
		}
		return made, err
	}
}

// goBuildInfo is where the magic first stands as programs have it, -1 for nowhere. Looking
// at multiples alone is several times as fast as looking everywhere.
func goBuildInfo(data []byte) int {
	for at := 0; at+len(goMagic) <= len(data); at += goMagicAlign {
		if data[at] == goMagic[0] && bytes.HasPrefix(data[at:], goMagic) {
			return at
		}
	}
	return -1
}

// mentionsOnly says whether the magic is there as text only, as in tools that look
// for it: the real one is followed by the pointer size and flags.
func mentionsOnly(data []byte) bool {
	for {
		at := goBuildInfo(data)
		if at < 0 {
			return true
		}
		flags := at + len(goMagic) + 1
		if flags < len(data) && (data[flags-1] == 4 || data[flags-1] == 8) && data[flags] <= 3 {
			return false
		}
		data = data[at+goMagicAlign:]
	}
}

// readGoMod leaves Go's own library out where go.mod names a version of the
// language only: "go 1.20" is a minimum, and no release that anyone installed.
func readGoMod(read reader) reader {
	return func(ctx context.Context, p string, data []byte) (*part, error) {
		made, err := read(ctx, p, data)
		if err != nil {
			return nil, err
		}
		made.NeedsSum = true
		made.Rows = slices.DeleteFunc(made.Rows, func(r row) bool {
			if r.Name != "stdlib" {
				return false
			}
			made.NeedsSum = before117(r.Version)
			return strings.Count(r.Version, ".") < 2
		})
		return made, nil
	}
}

// before117 says whether a Go version lists direct modules only.
func before117(version string) bool {
	major, rest, _ := strings.Cut(version, ".")
	minor, _, _ := strings.Cut(rest, ".")
	n, err := strconv.Atoi(minor)
	return major == "1" && err == nil && n < 17
}

// readGoSum reads the modules of a go.sum, without those whose go.mod alone was
// looked at (https://go.dev/ref/mod#go-sum-files).
func readGoSum(_ context.Context, _ string, data []byte) (*part, error) {
	made := &part{}
	n := 0
	for line := range strings.Lines(string(data)) {
		n++
		fields := strings.Fields(line)
		if len(fields) == 0 {
			continue
		}
		if len(fields) != 3 {
			return nil, errors.New("line " + strconv.Itoa(n) + ": want module, version, hash")
		}
		if !strings.HasSuffix(fields[1], "/go.mod") {
			made.Rows = append(made.Rows, row{Kind: "Go", Name: fields[0], Version: strings.TrimPrefix(fields[1], "v"), Line: n})
		}
	}
	return made, nil
}

// readPubspec leaves out what comes with the SDK, whose version stands for none.
func readPubspec(read reader) reader {
	return func(ctx context.Context, p string, data []byte) (*part, error) {
		made, err := read(ctx, p, data)
		if made != nil {
			made.Rows = slices.DeleteFunc(made.Rows, func(r row) bool { return r.Version == "0.0.0" })
		}
		return made, err
	}
}
