package imageconfig

import (
	"fmt"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
	"github.com/boltseal/boltseal/internal/scan"
)

var _ = declare(rule.Meta{
	ID:          "image/large-layer",
	Title:       "A layer is very large",
	Severity:    finding.Info,
	Remediation: "Leave out what the service does not need at run time, and load models and data where it runs",
}, look{find: largeLayers, config: true})

// manyBytes is how much a layer holds, unpacked, that is told of.
const manyBytes = 1_000_000_000

func largeLayers(img *image) []issue {
	var issues []issue
	var files []file
	var total int64
	unit := -1
	tell := func() {
		if total >= manyBytes {
			bySize(files)
			issues = append(issues, issue{
				message: fmt.Sprintf("layer holds %s in %s, the largest of them: %s", size(total), plural(len(files), "file"), some(files)),
				path:    files[0].path, at: &files[0],
			})
		}
		files, total = nil, 0
	}
	for at, e := range img.view.Every() {
		if at.Unit != unit {
			tell()
			unit = at.Unit
		}
		if e.Kind == scan.File && e.Size > 0 {
			files = append(files, file{path: e.Path, entry: e, at: at})
			total += min(e.Size, maxSize)
		}
	}
	tell()
	return issues
}
