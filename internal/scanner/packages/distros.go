package packages

import (
	"bytes"
	"context"
	"errors"
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/boltseal/boltseal/internal/inventory"
	"github.com/boltseal/boltseal/internal/scan"
)

// Databases that are a folder for each package, of which files are read one by one. The
// library reads names and versions of both; it says nothing of a file that it cannot
// read, and takes "font-adobe-100dpi-1.0.4" for version "100dpi-1.0.4".

const (
	pacmanLocal = "var/lib/pacman/local/"
	portageDB   = "var/db/pkg/"
)

// inFolders says whether a path is a file of that name, so many folders below another.
func inFolders(p, top string, folders int, name string) bool {
	rest, found := strings.CutPrefix(p, top)
	return found && strings.Count(rest, "/") == folders && path.Base(rest) == name
}

func isPacmanDesc(e *scan.Entry, _ func(int) []byte) bool {
	return inFolders(e.Path, pacmanLocal, 1, "desc")
}

// readPacman reads what pacman keeps of an installed package: sections, of which each
// begins with a line like "%NAME%" and holds a value a line.
// https://alpm.archlinux.page/specifications/alpm-db-desc.5.html
func readPacman(_ context.Context, _ string, data []byte) (*part, error) {
	sections := map[string][]string{"%NAME%": nil, "%VERSION%": nil, "%BASE%": nil, "%ARCH%": nil, "%LICENSE%": nil}
	section, wanted := "", false
	for line := range bytes.Lines(data) {
		text := strings.TrimSpace(string(line))
		switch {
		case text == "":
		case len(text) > 2 && text[0] == '%' && text[len(text)-1] == '%':
			section = text
			_, wanted = sections[section]
		case wanted && len(sections[section]) < inventory.MaxLicences:
			sections[section] = append(sections[section], text)
		}
	}
	first := func(name string) string { return append(sections[name], "")[0] }
	r := row{
		Kind: string(inventory.Pacman), Name: first("%NAME%"), Version: first("%VERSION%"), Source: first("%BASE%"), Arch: first("%ARCH%"),
		Licence: licences(sections["%LICENSE%"]...),
	}
	if r.Name == "" || r.Version == "" {
		return nil, errors.New("it names no package with a version")
	}
	if r.Source == r.Name {
		r.Source = ""
	}
	return &part{Rows: []row{r}}, nil
}

// isPortagePackage matches the file that names an installed package, but not that of one
// whose installation was cut short: its folder begins with a hyphen, as no package does.
func isPortagePackage(e *scan.Entry, _ func(int) []byte) bool {
	return inFolders(e.Path, portageDB, 2, "PF") && !strings.HasPrefix(path.Base(path.Dir(e.Path)), "-")
}

// portageName takes name and version apart. A name ends in no hyphen with a version behind
// it (https://gitweb.gentoo.org/proj/pms.git/tree/names.tex).
var portageName = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^([A-Za-z0-9_][A-Za-z0-9+_-]*?)-([0-9]+(?:\.[0-9]+)*[a-z]?(?:_(?:alpha|beta|pre|rc|p)[0-9]*)*(?:-r[0-9]+)?)$`)
})

// readPortage reads "bash-5.1_p16-r1"; the category is the folder above the package's.
func readPortage(_ context.Context, p string, data []byte) (*part, error) {
	if len(data) > maxString {
		return nil, errors.New("more text than a name has")
	}
	found := portageName().FindSubmatch(bytes.TrimSpace(data))
	if found == nil {
		return nil, errors.New("it names no package with a version")
	}
	category := path.Base(path.Dir(path.Dir(p)))
	return &part{Rows: []row{{Kind: string(inventory.Portage), Name: category + "/" + string(found[1]), Version: string(found[2])}}}, nil
}

// isOwnedList matches the lists of the files that dpkg's packages own. Those of pacman and
// portage are not asked: what they own nobody else publishes advisories on, so a module of
// theirs is listed as one, and compared with what its own ecosystem knows.
func isOwnedList(e *scan.Entry, _ func(int) []byte) bool {
	return strings.HasPrefix(e.Path, dpkgInfo) && strings.HasSuffix(e.Path, ".list") ||
		strings.HasPrefix(e.Path, dpkgStatusD) && strings.HasSuffix(e.Path, md5sums)
}

// isOS says whether a kind of row is a package of a distribution.
func isOS(kind string) bool { return inventory.OSKind(kind).Known() }

// isDatabase says whether packages of a distribution are read of a file.
func isDatabase(p string) bool {
	e := &scan.Entry{Path: p}
	return isDpkgStatus(e, nil) || isRPMDatabase(e, nil) || slices.Contains(apkDatabases(), p) || isPacmanDesc(e, nil) || isPortagePackage(e, nil)
}
