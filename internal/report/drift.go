package report

import (
	"cmp"
	"fmt"
	"strings"
)

// Drift is how an image differs from an older one that it is compared with. Findings
// say of themselves whether they are new.
type Drift struct {
	Target    string `json:"target"`
	Old       string `json:"old"`
	OldDigest string `json:"oldDigest,omitempty"`
	// Size and OldSize are those of the layers as they are stored, in bytes.
	Size     int64            `json:"size"`
	OldSize  int64            `json:"oldSize"`
	Findings []FindingsChange `json:"findings,omitempty"`
	Packages []PackageChange  `json:"packages,omitempty"`
	Settings []SettingChange  `json:"settings,omitempty"`
	Rights   []RightsChange   `json:"rights,omitempty"`
}

// FindingsChange counts the findings of a scanner.
type FindingsChange struct {
	Scanner string `json:"scanner"`
	New     int    `json:"new"`
	Same    int    `json:"same"`
	// Gone are those of the older image alone.
	Gone int `json:"gone"`
}

// PackageChange is a package whose versions differ; of several they are all named.
type PackageChange struct {
	// Change is "added", "removed" or "changed".
	Change    string `json:"change"`
	Ecosystem string `json:"ecosystem"`
	Name      string `json:"name"`
	Old       string `json:"old,omitempty"`
	New       string `json:"new,omitempty"`
}

// ComparePackageChanges is a full order: what was added first.
func ComparePackageChanges(a, b PackageChange) int {
	return cmp.Or(
		strings.Compare(a.Change, b.Change), strings.Compare(a.Ecosystem, b.Ecosystem),
		strings.Compare(a.Name, b.Name), strings.Compare(a.New, b.New), strings.Compare(a.Old, b.Old),
	)
}

// SettingChange is a setting of the configuration that differs.
type SettingChange struct {
	Name string `json:"name"`
	Old  string `json:"old"`
	New  string `json:"new"`
}

// RightsChange is a file or folder that lets others do something else: a program that
// runs with its owner's rights or gets some of root's, what every account can write to. A text is empty for
// nothing of that kind.
type RightsChange struct {
	Path string `json:"path"`
	Old  string `json:"old,omitempty"`
	New  string `json:"new,omitempty"`
}

// maxDrift is how many packages of a drift are shown, of each kind of change, and how
// many rights.
const maxDrift = 15

// driftLines tell of a drift, for people: a heading and what stands below it.
func driftLines(d *Drift) (heading string, lines []string) {
	heading = fmt.Sprintf("%s compared with %s", d.Target, d.Old)
	lines = append(lines, fmt.Sprintf("size: %s, was %s (%s)", bytesText(d.Size), bytesText(d.OldSize), signed(d.Size-d.OldSize)))
	for _, c := range d.Findings {
		lines = append(lines, fmt.Sprintf("findings of %s: %d new, %d as before, %d gone", c.Scanner, c.New, c.Same, c.Gone))
	}
	for _, s := range d.Settings {
		lines = append(lines, fmt.Sprintf("%s: %s, was %s", s.Name, cmp.Or(s.New, "none"), cmp.Or(s.Old, "none")))
	}
	for i, r := range d.Rights {
		if i == maxDrift {
			lines = append(lines, fmt.Sprintf("and %d more paths with other rights, which `-f json` lists", len(d.Rights)-maxDrift))
			break
		}
		lines = append(lines, fmt.Sprintf("rights of /%s: %s, was %s", r.Path, cmp.Or(r.New, "the usual"), cmp.Or(r.Old, "the usual")))
	}
	for _, kind := range []string{"added", "changed", "removed"} {
		n := 0
		for _, p := range d.Packages {
			if p.Change != kind {
				continue
			}
			if n++; n <= maxDrift {
				lines = append(lines, packageLine(p))
			}
		}
		if n > maxDrift {
			lines = append(lines, fmt.Sprintf("and %d more packages %s, which `-f json` lists", n-maxDrift, kind))
		}
	}
	if len(d.Findings)+len(d.Settings)+len(d.Rights)+len(d.Packages) == 0 {
		lines = append(lines, "no other difference")
	}
	return heading, lines
}

func packageLine(p PackageChange) string {
	text := p.Change + ": " + strings.TrimSpace(p.Ecosystem+" "+p.Name)
	switch p.Change {
	case "added":
		return text + " " + cmp.Or(p.New, "none")
	case "removed":
		return text + " " + cmp.Or(p.Old, "none")
	}
	return text + " " + cmp.Or(p.New, "none") + ", was " + cmp.Or(p.Old, "none")
}

func signed(n int64) string {
	if n < 0 {
		return "-" + bytesText(-n)
	}
	return "+" + bytesText(n)
}

// bytesText writes a number of bytes.
func bytesText(n int64) string {
	switch {
	case n >= 10_000_000:
		return fmt.Sprintf("%d MB", (n+500_000)/1_000_000)
	case n >= 10_000:
		return fmt.Sprintf("%d kB", (n+500)/1000)
	}
	return fmt.Sprintf("%d bytes", n)
}

// drifts shows how images differ from older ones.
func (t *table) drifts(drifts []Drift) {
	for i := range drifts {
		heading, lines := driftLines(&drifts[i])
		t.title(heading)
		for _, l := range lines {
			t.line(part{text: "  " + l})
		}
	}
}

// drifts does so in markdown.
func (m *markdown) drifts(drifts []Drift) {
	for i := range drifts {
		heading, lines := driftLines(&drifts[i])
		var text strings.Builder
		text.WriteString("\n<details>\n<summary>" + mdText(heading, mdShort) + "</summary>\n\n")
		for _, l := range lines {
			text.WriteString("- " + mdText(l, mdLong) + "\n")
		}
		if !m.add(text.String() + "\n</details>\n") {
			m.add("\nHow it differs from the older image is too long for here.\n")
		}
	}
}
