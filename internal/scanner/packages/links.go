package packages

import (
	"path"
	"slices"
	"strings"

	"github.com/boltseal/boltseal/internal/scan"
)

// dropLinks leaves out the links to files that are listed themselves. Those whose
// place gives them a meaning of its own are kept.
func dropLinks(files []file) []file {
	formats := make(map[string]string, len(files))
	for _, f := range files {
		formats[f.path] = f.Format
	}
	return slices.DeleteFunc(files, func(f file) bool {
		placed := len(f.Includes) > 0 || f.Format == formatPOM || f.Format == formatGoSum
		return f.link != "" && !placed && formats[f.link] == f.Format
	})
}

// linkTarget gives the path that a symbolic link names, as far as its text alone
// tells: a relative one that steps up at its beginning only, so that no other link
// on the way can lead elsewhere.
func linkTarget(e *scan.Entry) string {
	link := strings.TrimPrefix(e.Link, "./")
	if e.Kind != scan.Symlink || link == "" || path.IsAbs(link) || link != path.Clean(link) {
		return ""
	}
	return path.Join(path.Dir(e.Path), link)
}
