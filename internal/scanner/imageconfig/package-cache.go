package imageconfig

import (
	"fmt"
	"strings"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
	"github.com/boltseal/boltseal/internal/scan"
)

var _ = declare(rule.Meta{
	ID:          "image/package-cache",
	Title:       "A package manager's cache is left in the image",
	Severity:    finding.Low,
	Remediation: "Clean up in the same RUN that installs, use the tool's no-cache option, or a cache mount: RUN --mount=type=cache",
	Controls:    []string{"nist-800-190:4.1.2"},
}, look{file: isCached, find: packageCaches})

// systemCaches stand at one place each; homeCaches in any home folder.
var (
	systemCaches = []cache{
		{"var/lib/apt/lists/", "apt"},
		{"var/cache/apt/archives/", "apt"},
		{"var/cache/apk/", "apk"},
		{"etc/apk/cache/", "apk"},
		{"var/cache/dnf/", "dnf"},
		{"var/cache/libdnf5/", "dnf"},
		{"var/cache/yum/", "yum"},
		{"var/cache/zypp/", "zypper"},
		{"var/cache/pacman/pkg/", "pacman"},
		{"usr/local/share/.cache/yarn/", "yarn"},
	}
	homeCaches = []cache{
		{"/.cache/pip/", "pip"},
		{"/.cache/uv/", "uv"},
		{"/.cache/pypoetry/", "Poetry"},
		{"/.cache/yarn/", "yarn"},
		{"/.npm/_cacache/", "npm"},
		{"/.cache/go-build/", "go"},
		{"/.composer/cache/", "Composer"},
		{"/.cargo/registry/cache/", "cargo"},
	}
)

// cache is the folder of a tool, with slashes at its ends.
type cache struct {
	dir, tool string
}

// cacheOf gives the cache that a path lies in.
func cacheOf(path string) (cache, bool) {
	for _, c := range systemCaches {
		if strings.HasPrefix(path, c.dir) {
			return c, true
		}
	}
	if !strings.HasPrefix(path, ".") && !strings.Contains(path, "/.") {
		return cache{}, false // all others are hidden, and most files are not
	}
	path = "/" + path
	for _, c := range homeCaches {
		if before, _, found := strings.Cut(path, c.dir); found {
			return cache{strings.TrimPrefix(before+c.dir, "/"), c.tool}, true
		}
	}
	return cache{}, false
}

// isCached leaves out empty files: locks that tools make anew.
func isCached(e *scan.Entry) bool {
	if e.Kind != scan.File || e.Size == 0 {
		return false
	}
	_, ok := cacheOf(e.Path)
	return ok
}

// packageCaches reports each cache once, at its largest file.
func packageCaches(img *image) []issue {
	type found struct {
		cache
		files   int
		size    int64
		largest file
	}
	var all []*found
	byDir := make(map[string]*found)
	for _, f := range img.files {
		c, ok := cacheOf(f.path)
		if !ok {
			continue // seen through a hard link somewhere else
		}
		at := byDir[c.dir]
		if at == nil {
			at = &found{cache: c, largest: f}
			byDir[c.dir] = at
			all = append(all, at)
		}
		at.files++
		at.size += f.entry.Size
		if f.entry.Size > at.largest.entry.Size {
			at.largest = f
		}
	}
	var issues []issue
	for _, c := range all {
		dir := strings.TrimSuffix(c.dir, "/")
		issues = append(issues, issue{
			message: fmt.Sprintf("image holds %s of %s's cache in %s", size(c.size), c.tool, shown(dir)),
			path:    dir, at: &c.largest,
		})
	}
	return issues
}

// size writes a number of bytes for people.
func size(n int64) string {
	switch {
	case n >= 1_000_000_000:
		return fmt.Sprintf("%.1f GB", float64(n)/1e9)
	case n >= 1_000_000:
		return fmt.Sprintf("%.1f MB", float64(n)/1e6)
	case n >= 1000:
		return fmt.Sprintf("%.1f kB", float64(n)/1e3)
	case n == 1:
		return "1 byte"
	}
	return fmt.Sprintf("%d bytes", n)
}
