package imageconfig

import (
	"fmt"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
	"github.com/boltseal/boltseal/internal/scan"
)

var _ = declare(rule.Meta{
	ID:          "image/wasted-space",
	Title:       "Layers hold files that later layers delete or replace",
	Severity:    finding.Low,
	Remediation: "Delete in the RUN that creates, change owner and mode as you COPY (--chown, --chmod), or copy the result into a fresh stage",
}, look{find: wastedSpace, config: true})

// minWaste is how much is worth telling of: an upgrade of a few packages replaces
// some megabytes.
const minWaste = 20_000_000

// maxSize is what is believed of a size: it is the image's word, and a sum of many
// must not overflow.
const maxSize = 1 << 40

// wastedSpace is one finding, at the largest of the files.
func wastedSpace(img *image) []issue {
	var hidden []file
	var total int64
	for at, e := range img.view.Every() {
		if e.Kind != scan.File || e.Size <= 0 {
			continue
		}
		if !img.view.IsShown(at) {
			hidden = append(hidden, file{path: e.Path, entry: e, at: at})
			total += min(e.Size, maxSize)
		}
	}
	if total < minWaste {
		return nil
	}
	bySize(hidden)
	return []issue{{
		message: fmt.Sprintf("layers hold %s in %s that later layers delete or replace: %s", size(total), plural(len(hidden), "file"), some(hidden)),
		subject: "wasted space", path: hidden[0].path, at: &hidden[0],
	}}
}

// bySize brings the largest of the files to the front, as many as messages name: sorting
// all files of a large image takes longer than all the rest.
func bySize(files []file) {
	for k := range min(shownPaths, len(files)) {
		first := k
		for i := k + 1; i < len(files); i++ {
			if larger(&files[i], &files[first]) {
				first = i
			}
		}
		files[k], files[first] = files[first], files[k]
	}
}

// larger says whether a file comes before another one: by size, then by path.
func larger(a, b *file) bool {
	switch {
	case a.entry.Size != b.entry.Size:
		return a.entry.Size > b.entry.Size
	case a.path != b.path:
		return a.path < b.path
	}
	return a.at.Unit < b.at.Unit
}
