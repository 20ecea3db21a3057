package change

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/report"
)

const (
	// MaxComments is how many comments on lines are posted beside those that stand
	// already: more would bury the change.
	MaxComments = 40
	// MaxFile is how large a file may be to be compared with its diff.
	MaxFile = 16 << 20
)

// Lines makes comments on the lines of a diff.
type Lines struct {
	Gate   string
	Report report.Options
	// Mask takes secrets out of text; without it no text of a file is shown.
	Mask func(string) string
	// Read reads a file as it was scanned; nil where there are no files.
	Read func(path string, most int64) ([]byte, error)
	// Exact says that what was scanned is what the diff leads to, and no merge of it.
	Exact bool
	// Suggestion is what begins a block that offers a text in place of so many lines.
	Suggestion func(lines int) string
	// Offers says whether a forge can be trusted with a text in such a block; nil for any.
	Offers func(text string) bool
}

// Wish is a comment that should stand on a line.
type Wish struct {
	Marker string
	Span   Span
	Body   string
}

// findingMarker begins a comment on a line. It names the scanner, so that a later
// run knows whether it looked for the finding at all.
func findingMarker(gate string, f *report.Finding) string {
	return fmt.Sprintf("<!-- boltseal:finding:%s:%s:%s -->\n", Key(gate), Key(f.Scanner, f.Target), Key(f.Fingerprint))
}

var findingMarkers = regexp.MustCompile(`^<!-- boltseal:finding:([0-9a-f]{20}):([0-9a-f]{20}):([0-9a-f]{20}) -->\n`)

// MarkerOf is the marker of the gate that begins a comment on a line; empty for none.
func MarkerOf(gate, body string) string {
	marker := findingMarkers.FindString(Stored(body) + "\n")
	if !strings.HasPrefix(marker, "<!-- boltseal:finding:"+Key(gate)+":") {
		return ""
	}
	return marker
}

// Files are those whose diffs are needed for comments on what is wanted.
func Files(wanted []*report.Finding) map[string]bool {
	files := make(map[string]bool)
	for _, f := range wanted {
		if path, _, _, ok := f.Lines(); ok {
			files[path] = true
		}
	}
	return files
}

// Wishes are the comments that are wanted, as far as the diffs, by file, show their
// lines. Where the checkout has another text on a line than the diff, as a merge commit
// may, the line is another one.
func (l Lines) Wishes(wanted []*report.Finding, diffs map[string]Diff) []Wish {
	var wishes []Wish
	taken := make(map[string]bool)
	same := make(map[string]Diff)
	for _, f := range wanted {
		marker := findingMarker(l.Gate, f)
		path, _, _, onLine := f.Lines()
		if _, known := same[path]; !known {
			same[path] = l.same(path, diffs[path])
		}
		s, ok := spanOf(f, same[path])
		if !onLine || !ok || taken[marker] {
			continue
		}
		taken[marker] = true
		wishes = append(wishes, Wish{marker, s, marker + report.FindingMarkdown(f, l.Report) + l.suggestion(f, s)})
	}
	return wishes
}

// same leaves the lines that the checkout has as well, at the same number.
func (l Lines) same(path string, diff Diff) Diff {
	if l.Exact || len(diff) == 0 {
		return diff
	}
	var lines []string
	if l.Read != nil {
		if text, err := l.Read(path, MaxFile); err == nil {
			lines = strings.Split(string(text), "\n")
		}
	}
	for n, line := range diff {
		if n < 1 || n > len(lines) || lines[n-1] != line.Text {
			delete(diff, n)
		}
	}
	return diff
}

// Missing are the wishes for which nothing stands yet, as many as may be posted.
func Missing[C any](wishes []Wish, standing map[string][]C) []Wish {
	var missing []Wish
	for _, w := range wishes {
		if len(standing[w.Marker]) == 0 && len(missing) < MaxComments {
			missing = append(missing, w)
		}
	}
	return missing
}

// Fate is what is to become of a comment that stands.
type Fate int

// The fates. What was not looked for stays as it is.
const (
	Stays Fate = iota
	Present
	Gone
)

// Fates says what is to become of the comments with a marker: a finding is gone only if
// its scanner looked for it and ended well, and it is present on whatever line.
func Fates(gate string, run *report.Run) func(marker string) Fate {
	present := make(map[string]bool)
	for _, f := range report.Attention(run) {
		present[findingMarker(gate, f)] = true
	}
	looked := looked(run)
	return func(marker string) Fate {
		match := findingMarkers.FindStringSubmatch(marker)
		switch {
		case present[marker]:
			return Present
		case match != nil && looked[match[2]]:
			return Gone
		}
		return Stays
	}
}

// looked are the scanners and targets, as markers name them, that were scanned to
// the end; none where a part of the run is missing.
func looked(run *report.Run) map[string]bool {
	looked := make(map[string]bool)
	if len(report.Missing(run)) > 0 {
		return looked
	}
	for _, s := range run.Scans {
		k := Key(s.Scanner, s.Target)
		well := s.Status == finding.StatusOK || s.Status == finding.StatusNothing
		before, known := looked[k]
		looked[k] = well && (before || !known)
	}
	return looked
}
