package imageconfig

import (
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
	"github.com/boltseal/boltseal/internal/scan"
)

var _ = declare(rule.Meta{
	ID:          "image/world-writable",
	Title:       "Every account can write to a file or folder",
	Severity:    finding.Medium,
	Remediation: "Give it to the account that the container runs as (COPY --chown, --chmod) instead of opening it to all",
	Controls:    []string{"nist-800-190:4.1.2"},
}, look{file: isWorldWritable, find: worldWritable})

// sharedFolders are there for all to write, or are mounted over.
var sharedFolders = []string{"dev/", "proc/", "sys/", "run/", "tmp/", "var/tmp/", "var/run/", "var/lock/"}

func isWorldWritable(e *scan.Entry) bool {
	if e.Mode&0o002 == 0 {
		return false
	}
	switch e.Kind {
	case scan.Dir:
		if e.Mode&fs.ModeSticky != 0 {
			return false
		}
	case scan.File, scan.Hardlink:
	default:
		return false // the modes of links mean nothing
	}
	for _, shared := range sharedFolders {
		if strings.HasPrefix(e.Path+"/", shared) {
			return false
		}
	}
	return true
}

// worldWritable reports the topmost folder of each tree that is open to all: what
// lies in it is counted.
func worldWritable(img *image) []issue {
	folders := make(map[string]int) // index of the issue that stands for the folder
	var issues []issue
	var inside []int
	for _, f := range img.files {
		if i, ok := folderAbove(folders, f.path); ok {
			inside[i]++
			continue
		}
		what := "file"
		if f.entry.Kind == scan.Dir {
			what = "folder"
			folders[f.path] = len(issues)
		}
		issues = append(issues, issue{message: fmt.Sprintf("%s %s can be written by every account", what, shown(f.path)), path: f.path, at: &f})
		inside = append(inside, 0)
	}
	for i, n := range inside {
		if n > 0 {
			issues[i].message += fmt.Sprintf(", and so can %d more in it", n)
		}
	}
	return issues
}

// folderAbove gives what stands for the nearest folder above p.
func folderAbove(folders map[string]int, p string) (int, bool) {
	if len(folders) == 0 {
		return 0, false
	}
	for p = path.Dir(p); p != "." && p != "/"; p = path.Dir(p) {
		if i, ok := folders[p]; ok {
			return i, true
		}
	}
	return 0, false
}
