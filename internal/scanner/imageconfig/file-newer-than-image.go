package imageconfig

import (
	"fmt"
	"time"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
	"github.com/boltseal/boltseal/internal/scan"
)

var _ = declare(rule.Meta{
	ID:          "image/file-newer-than-image",
	Title:       "A file is newer than the image that holds it",
	Severity:    finding.Info,
	Remediation: "Find out which tool wrote the layer; in builds with SOURCE_DATE_EPOCH set the times of files too (rewrite-timestamp=true)",
}, look{find: newerFiles, config: true})

// clockSlack is how wrong clocks and time zones may be.
const clockSlack = 48 * time.Hour

// firstCreation is when images began: a build that wants to be repeatable says that
// its image is from 1970 or 1980, which tells nothing.
var firstCreation = time.Date(2013, 1, 1, 0, 0, 0, 0, time.UTC)

// newerFiles is one finding, at the newest of them.
func newerFiles(img *image) []issue {
	created := img.Config.Created.Time
	if created.Before(firstCreation) {
		return nil
	}
	latest := created.Add(clockSlack)
	var newer []file
	newest := 0
	for at, e := range img.view.Every() {
		if e.Kind != scan.File || !e.ModTime.After(latest) {
			continue
		}
		p, shown := img.view.Shown(scan.Ref{At: at, Entry: e})
		if !shown {
			continue
		}
		if len(newer) > 0 && e.ModTime.After(newer[newest].entry.ModTime) {
			newest = len(newer)
		}
		newer = append(newer, file{path: p, entry: e, at: at})
	}
	if len(newer) == 0 {
		return nil
	}
	newer[0], newer[newest] = newer[newest], newer[0]
	return []issue{{
		message: fmt.Sprintf("image says that it is from %s, but %s newer, up to %s: %s", created.UTC().Format(time.DateOnly),
			areNewer(len(newer)), newer[0].entry.ModTime.UTC().Format(time.DateOnly), some(newer)),
		subject: "creation time", path: newer[0].path, at: &newer[0],
	}}
}

func areNewer(n int) string {
	if n == 1 {
		return "1 file is"
	}
	return fmt.Sprintf("%d files are", n)
}
