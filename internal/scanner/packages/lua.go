package packages

import (
	"context"
	"path"
	"regexp"
	"strings"
	"sync"

	"github.com/boltseal/boltseal/internal/scan"
)

const kindLuaRocks = "LuaRocks"

// isRockspec matches the specification of an installed rock:
// "rocks-5.4/luasocket/3.1.0-1/luasocket-3.1.0-1.rockspec".
func isRockspec(e *scan.Entry, _ func(int) []byte) bool { return isRockspecPath(e.Path) }

func isRockspecPath(p string) bool {
	if !strings.HasSuffix(p, ".rockspec") {
		return false
	}
	name, version := rockOf(p)
	tree := path.Base(path.Dir(path.Dir(path.Dir(p))))
	return name != "" && path.Base(p) == name+"-"+version+".rockspec" && (tree == "rocks" || strings.HasPrefix(tree, "rocks-"))
}

// rockOf is the name and version that the folders say.
func rockOf(p string) (name, version string) {
	parts := strings.Split(p, "/")
	if len(parts) < 4 {
		return "", ""
	}
	return parts[len(parts)-3], parts[len(parts)-2]
}

// rockLicence finds the licence in a specification, a program of assignments.
var rockLicence = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?m)(?:^|[{,;])[ \t]*license[ \t]*=[ \t]*["']([^"'\n]{1,200})["']`)
})

// readRockspec takes name and version from the path, as LuaRocks does, and the licence from
// the file (https://github.com/luarocks/luarocks/blob/main/docs/rockspec_format.md).
func readRockspec(_ context.Context, p string, data []byte) (*part, error) {
	r := row{Kind: kindLuaRocks}
	r.Name, r.Version = rockOf(p)
	if found := rockLicence().FindSubmatch(data); found != nil {
		r.Licence = licences(string(found[1]))
	}
	return &part{Rows: []row{r}}, nil
}
