package report

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/policy"
)

// htmlPage is what the template of the page shows. All texts are plain.
type htmlPage struct {
	Status, Headline, Still, Tool string
	Reasons                       []string
	Facts                         []htmlFact
	Severities                    []string
	Scanners                      []htmlScanner
	Images                        []htmlImage
	Ages                          []htmlAge
	Scans                         []htmlScan
	First                         []htmlRow
}

type (
	htmlFact    struct{ Name, Text string }
	htmlScan    struct{ Scanner, Target, Outcome string }
	htmlScanner struct {
		Name   string
		Counts []int // as htmlPage.Severities
		Bar    []htmlBar
	}
	htmlImage struct {
		Name, From string
		Layers     []htmlLayer
	}
	htmlLayer struct {
		Digest, Size, Origin, Built string
		Packages, Findings, Fixable int
		Bar                         []htmlBar
		counts                      map[finding.Severity]int
	}
	htmlAge struct {
		Name       string
		All, Grace int
		Bar        []htmlBar
	}
	// htmlBar is a part of a bar that is 100 wide.
	htmlBar struct {
		Class    string
		X, Width string
	}
)

// worstFirst are all severities. What is unknown compares as medium.
var worstFirst = []finding.Severity{finding.Critical, finding.High, finding.Medium, finding.Unknown, finding.Low, finding.Info}

func htmlPageOf(run *Run, rows []htmlRow) *htmlPage {
	p := &htmlPage{
		Status: "none", Headline: Plain(headline(run)), Tool: Plain(strings.TrimSpace(run.Tool.Name + " " + run.Tool.Version)),
		Facts: htmlFacts(run), Scanners: htmlScanners(run), Images: htmlImages(run), Ages: htmlAges(run), First: rows[:min(len(rows), firstFindings)],
	}
	if s := run.Verdict.Status; s == policy.Blocked || passed(run) {
		p.Status = string(s)
	}
	for _, r := range run.Verdict.Reasons {
		p.Reasons = append(p.Reasons, Plain(r))
	}
	for _, s := range worstFirst {
		p.Severities = append(p.Severities, s.String())
	}
	for _, s := range run.Scans {
		p.Scans = append(p.Scans, htmlScan{Plain(s.Scanner), Plain(scanned(s)), Plain(outcome(s))})
	}
	p.Still = count(len(rows), "finding", "findings") + "."
	if len(rows) > firstFindings {
		p.Still = fmt.Sprintf("%d findings, of which %d are shown where scripts do not run.", len(rows), firstFindings)
	}
	return p
}

func htmlFacts(run *Run) []htmlFact {
	var facts []htmlFact
	add := func(name, text string) {
		if text != "" {
			facts = append(facts, htmlFact{name, Plain(text)})
		}
	}
	add("judged on", run.Judged.On)
	for _, p := range run.Policies {
		text := p.Path
		if p.Ref != "" {
			text += " at " + p.Ref
		}
		add("policy", text+", "+p.Digest)
	}
	if run.Change != nil {
		add("change", run.Change.Head)
		add("compared with", run.Change.MergeBase)
	}
	if run.Database != nil {
		add("advisories of", run.Database.Built)
	}
	for i := range run.Drifts {
		heading, lines := driftLines(&run.Drifts[i])
		add("image", heading+": "+strings.Join(lines, "; "))
	}
	return facts
}

func htmlScanners(run *Run) []htmlScanner {
	counts := make(map[string]map[finding.Severity]int)
	most := 0
	sums := make(map[string]int)
	for i := range run.Findings {
		f := &run.Findings[i]
		name := Plain(f.Scanner)
		if counts[name] == nil {
			counts[name] = make(map[finding.Severity]int)
		}
		counts[name][f.Severity]++
		sums[name]++
		most = max(most, sums[name])
	}
	var rows []htmlScanner
	for _, name := range slices.Sorted(maps.Keys(counts)) {
		row := htmlScanner{Name: name, Bar: severityBar(counts[name], most)}
		for _, s := range worstFirst {
			row.Counts = append(row.Counts, counts[name][s])
		}
		rows = append(rows, row)
	}
	return rows
}

// severityBar draws counts, of which most are as wide as the picture.
func severityBar(counts map[finding.Severity]int, most int) []htmlBar {
	var parts []int
	var classes []string
	for _, s := range worstFirst {
		parts, classes = append(parts, counts[s]), append(classes, s.String())
	}
	return bar(parts, classes, most)
}

func bar(parts []int, classes []string, most int) []htmlBar {
	var bars []htmlBar
	at := 0
	for i, n := range parts {
		if n > 0 {
			bars = append(bars, htmlBar{classes[i], hundredths(at, most), hundredths(n, most)})
			at += n
		}
	}
	return bars
}

func hundredths(n, most int) string { return fmt.Sprintf("%.2f", 100*float64(n)/float64(max(most, 1))) }

// htmlImages count by layer. A finding whose layer the image does not have is in none
// of them, as those of its configuration are.
func htmlImages(run *Run) []htmlImage {
	type key struct{ target, layer string }
	layers := make(map[key]*htmlLayer)
	images := make([]htmlImage, 0, len(run.Images))
	for i := range run.Images {
		from := &run.Images[i]
		img := htmlImage{Name: Plain(from.Target), From: Plain(from.From), Layers: make([]htmlLayer, 0, len(from.Layers))}
		for _, l := range from.Layers {
			img.Layers = append(img.Layers, htmlLayer{
				Digest: Plain(shortDigest(l.Digest)), Size: bytesText(l.Size), Origin: Plain(cmp.Or(l.Origin, "unknown")), Built: Plain(builtText(&l)),
				counts: make(map[finding.Severity]int),
			})
			layers[key{from.Target, l.Digest}] = &img.Layers[len(img.Layers)-1]
		}
		images = append(images, img)
	}
	for i := range run.Packages {
		if l := layers[key{run.Packages[i].Target, run.Packages[i].Layer}]; l != nil {
			l.Packages++
		}
	}
	for i := range run.Findings {
		f := &run.Findings[i]
		l := layers[key{f.Target, f.Location.Layer}]
		if l == nil {
			continue
		}
		l.Findings++
		l.counts[f.Severity]++
		if fixable(f) {
			l.Fixable++
		}
	}
	for i := range images {
		most := 0
		for _, l := range images[i].Layers {
			most = max(most, l.Findings)
		}
		for n := range images[i].Layers {
			l := &images[i].Layers[n]
			l.Bar = severityBar(l.counts, most)
		}
	}
	return images
}

func shortDigest(digest string) string {
	const shown = len("sha256:") + 12
	return digest[:min(len(digest), shown)]
}

func builtText(l *ImageLayer) string {
	if l.Built.Path == "" {
		return l.Instruction
	}
	return fmt.Sprintf("%s:%d: %s", l.Built.Path, l.Built.StartLine, l.Instruction)
}

// htmlAges count advisories by how long they have been published on the day of the run.
// Held back is what a rule lets be until a day: its grace.
func htmlAges(run *Run) []htmlAge {
	today, err := time.Parse(time.DateOnly, run.Judged.On)
	if err != nil {
		return nil
	}
	const day = 24 * time.Hour
	ages := []htmlAge{{Name: "up to 7 days"}, {Name: "up to 30 days"}, {Name: "up to 90 days"}, {Name: "up to a year"}, {Name: "longer"}, {Name: "unknown"}}
	limits := []time.Duration{7 * day, 30 * day, 90 * day, 365 * day}
	found := false
	for i := range run.Findings {
		f := &run.Findings[i]
		if f.Advisory == nil {
			continue
		}
		found = true
		at := len(ages) - 1
		if published, err := time.Parse(time.RFC3339, f.Advisory.Published); err == nil {
			age := today.Sub(published)
			at, _ = slices.BinarySearch(limits, age)
		}
		ages[at].All++
		if f.Decision.Until != "" {
			ages[at].Grace++
		}
	}
	if !found {
		return nil
	}
	most := 0
	for _, a := range ages {
		most = max(most, a.All)
	}
	for i := range ages {
		a := &ages[i]
		a.Bar = bar([]int{a.All - a.Grace, a.Grace}, []string{"other", "grace"}, most)
	}
	return ages
}
