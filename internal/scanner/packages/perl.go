package packages

import (
	"context"
	"errors"
	"path"
	"regexp"
	"strings"
	"sync"

	"github.com/boltseal/boltseal/internal/scan"
)

const kindCPAN = "CPAN"

// cpanName takes name and version of a distribution apart: "libwww-perl-6.76".
var cpanName = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^([A-Za-z0-9][A-Za-z0-9_.+-]*?)-(v?[0-9][A-Za-z0-9_.]*(?:-TRIAL[0-9]*)?)$`)
})

// cpanRow is the row of a distribution.
func cpanRow(distribution string) (row, bool) {
	if len(distribution) > maxString {
		return row{}, false
	}
	found := cpanName().FindStringSubmatch(distribution)
	if found == nil {
		return row{}, false
	}
	return row{Kind: kindCPAN, Name: found[1], Version: found[2]}, true
}

// isCPANInstalled matches what cpanm, cpm and Carton keep of an installed distribution.
func isCPANInstalled(e *scan.Entry, _ func(int) []byte) bool {
	return path.Base(e.Path) == "install.json" && path.Base(path.Dir(path.Dir(e.Path))) == ".meta"
}

// readCPANInstalled reads the distribution; the version beside it is that of a module. The
// library's reader looks at folders in which they are built, and which are left behind.
// https://github.com/miyagawa/cpanminus (save_meta)
func readCPANInstalled(_ context.Context, _ string, data []byte) (*part, error) {
	var said struct{ Dist string }
	if err := decodeJSON(data, &said); err != nil {
		return nil, err
	}
	r, ok := cpanRow(said.Dist)
	if !ok {
		return nil, errors.New("it names no distribution with a version")
	}
	return &part{Rows: []row{r}}, nil
}

// readCPANSnapshot reads the lockfile of Carton: distributions, indented by two spaces, and
// what belongs to them by more.
// https://github.com/perl-carton/carton
func readCPANSnapshot(ctx context.Context, p string, data []byte) (*part, error) {
	const head = "# carton snapshot format: version "
	if version, found := strings.CutPrefix(string(data[:min(len(data), len(head)+2)]), head); !found || version != "1." {
		return nil, errors.New("it does not begin as a snapshot of version 1 does")
	}
	return lines(kindCPAN, func(line string) (string, string, bool, error) {
		distribution, indented := strings.CutPrefix(line, "  ")
		switch {
		case line == "" || line[0] == '#' || line == "DISTRIBUTIONS", strings.HasPrefix(distribution, " "):
			return "", "", false, nil
		case !indented:
			return "", "", false, errNotPackage
		}
		r, ok := cpanRow(distribution)
		if !ok {
			return "", "", false, errNotPackage
		}
		return r.Name, r.Version, true, nil
	})(ctx, p, data)
}
