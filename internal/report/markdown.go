package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/policy"
)

// Columns of text that a cell of a table in markdown shows.
const (
	mdShort = 160
	mdLong  = 400
)

// minMarkdown is the least budget in which what is cut can be told.
const minMarkdown = 1000

// markdown gathers lines until its budget is spent. What is cut is counted, never
// lost in silence, and every element that is opened is closed.
type markdown struct {
	b strings.Builder
	// left is what may still be written.
	left    int
	several bool
}

// writeMarkdown writes the verdict first, then what blocks, how the scans ended,
// and folded up what warns and what is accepted, within opt.MaxBytes.
func writeMarkdown(w io.Writer, run *Run, opt Options) error {
	limit := opt.MaxBytes
	if limit == 0 {
		limit = DefaultMaxBytes
	}
	m := &markdown{left: limit, several: severalTargets(run)}
	if limit < minMarkdown {
		return fmt.Errorf("%d bytes are too few: at least %d are needed", limit, minMarkdown)
	}
	m.add(fmt.Sprintf("## boltseal %s\n", Headline(run, opt)))
	switch {
	case opt.Hearsay && opt.Again:
		m.add(hearsayBeside)
	case opt.Hearsay:
		m.add(hearsay)
	}
	m.reasons(run.Verdict.Reasons)
	// What stands below the findings must not be cut for there being so many.
	foot := todo(next(run, opt.Catalogue))
	scans := &markdown{left: m.left / 4}
	scans.scans(run.Scans)
	m.left -= len(foot) + scans.b.Len()
	m.findings(fmt.Sprintf("\n### Blocking (%d)\n\n", run.Verdict.Blocked), "", decided(run, policy.Block))
	m.b.WriteString(scans.b.String())
	m.drifts(run.Drifts)
	m.folded(run)
	m.b.WriteString(foot)
	_, err := io.WriteString(w, m.b.String())
	return err
}

// folded writes what needs no attention at once.
func (m *markdown) folded(run *Run) {
	var fresh, known []*Finding
	for _, f := range decided(run, policy.Warn) {
		if f.isKnown() {
			known = append(known, f)
		} else {
			fresh = append(fresh, f)
		}
	}
	for _, part := range []struct {
		findings []*Finding
		title    func([]*Finding) string
	}{
		{fresh, func(f []*Finding) string { return count(len(f), "warning", "warnings") }},
		{known, func(f []*Finding) string { return fmt.Sprintf("%d known before this change", len(f)) }},
		{decided(run, policy.Suppress), accepted},
		{decided(run, policy.Note), func(f []*Finding) string { return count(len(f), "note", "notes") }},
	} {
		if len(part.findings) > 0 {
			title := mdText(part.title(part.findings), mdShort)
			m.findings("\n<details>\n<summary>"+title+"</summary>\n\n", "\n</details>\n", part.findings)
		}
	}
}

func todo(lines []string) string {
	if len(lines) == 0 {
		return ""
	}
	return "\nWhat to do next:\n\n- " + strings.Join(lines, "\n- ") + "\n"
}

// neutralMark stands for what is neither a pass nor a fault.
const neutralMark = "▫️"

func mark(run *Run) string {
	switch {
	case passed(run):
		return "✅"
	case run.Verdict.Status == policy.Pass:
		return neutralMark
	case run.Verdict.Status == policy.Blocked:
		return "❌"
	}
	return "⚠️"
}

// add writes s if it fits.
func (m *markdown) add(s string) bool {
	if len(s) > m.left {
		return false
	}
	m.left -= len(s)
	m.b.WriteString(s)
	return true
}

// rows writes head, as many rows as fit, a line that says how many are cut, and
// tail; or nothing, where not even a cut fits.
func (m *markdown) rows(head, tail string, n int, row func(i int) string, cutLine func(missing int) string) bool {
	reserve := len(cutLine(n)) + len(tail)
	if len(head)+reserve > m.left {
		return false
	}
	m.left -= reserve
	m.add(head)
	shown := 0
	for shown < n && m.add(row(shown)) {
		shown++
	}
	m.left += reserve
	if shown < n {
		m.add(cutLine(n - shown))
	}
	m.add(tail)
	return true
}

func (m *markdown) reasons(reasons []string) {
	if len(reasons) == 0 {
		return
	}
	part := &markdown{left: m.left / 4}
	part.rows("\n", "", len(reasons),
		// The sign that is not seen keeps a reason from beginning a list or a heading.
		func(i int) string { return "- " + zwsp + mdText(reasons[i], mdLong) + "\n" },
		func(n int) string { return "- and " + count(n, "more reason", "more reasons") + "\n" })
	m.left -= part.b.Len()
	m.b.WriteString(part.b.String())
}

// findings writes a table of findings between head and tail.
func (m *markdown) findings(head, tail string, all []*Finding) {
	if len(all) == 0 {
		return
	}
	more := func(n int) string {
		return fmt.Sprintf("\n%s cut here to keep this short; the run file has all.\n", count(n, "finding is", "findings are"))
	}
	head += "| severity | rule | where | what |\n|---|---|---|---|\n"
	if !m.rows(head, tail, len(all), func(i int) string { return m.row(all[i]) }, more) {
		m.add(more(len(all)))
	}
}

func (m *markdown) row(f *Finding) string {
	where := mdCode(place(f, m.several), mdShort)
	if s := spot(f); s != "" {
		where += " " + mdCode(s, mdShort)
	}
	what := mdText(f.Message, mdLong)
	if f.Remediation != "" && f.Decision.Action == policy.Block {
		what += "<br>" + mdText(f.Remediation, mdLong)
	}
	if d := f.Decision; d.Action == policy.Suppress || d.Reason != "" {
		why := d.Reason
		if d.Until != "" {
			why += " (until " + d.Until + ")"
		}
		what += "<br>" + mdText(d.By+": "+why, mdLong)
	}
	return fmt.Sprintf("| %s | %s | %s | %s |\n", f.Severity, mdCode(f.Rule, mdShort), where, what)
}

// scans writes how every scan ended, what did not end well above the rest.
func (m *markdown) scans(scans []Scan) {
	if len(scans) == 0 {
		m.add("\nNothing was scanned.\n")
		return
	}
	var bad, good []Scan
	for _, s := range scans {
		if s.Status == finding.StatusOK || s.Status == finding.StatusNothing {
			good = append(good, s)
		} else {
			bad = append(bad, s)
		}
	}
	all := append(bad, good...)
	more := func(n int) string {
		return fmt.Sprintf("\n%s cut here to keep this short; the run file has all.\n", count(n, "scan is", "scans are"))
	}
	row := func(i int) string {
		s := all[i]
		return fmt.Sprintf("| %s | %s | %s |\n", mdText(s.Scanner, mdShort), mdCode(scanned(s), mdShort), mdText(outcome(s), mdLong))
	}
	m.rows("\n### Scans\n\n| scanner | target | status |\n|---|---|---|\n", "", len(all), row, more)
}
