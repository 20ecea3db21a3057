package report

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/policy"
)

// What a table shows at most. What it leaves out is counted.
const (
	maxBlocking = 500
	maxWarnings = 50
	maxReasons  = 20
	maxErrors   = 3
	maxAccepted = 20
	maxColumn   = 60 // of a column that others stand behind; longer texts stick out
)

// Styles of text on a terminal, by their SGR numbers.
const (
	bold   = "1"
	faint  = "2"
	red    = "31"
	green  = "32"
	yellow = "33"
)

// part is a piece of a line. Its text may come from what was scanned: only
// table.line makes it plain.
type part struct {
	text  string
	style string // SGR number, or "" for none
	width int    // padded to it, two columns always; 0 for as it is
}

// table writes lines for people.
type table struct {
	w   *bufio.Writer // keeps the first error until Flush
	opt Options
	// several says that places need their target's name.
	several bool
}

// writeTable writes the verdict, what blocks, what warns, how every scan ended, and
// the verdict again with what to do: whoever reads a log reads its end.
func writeTable(w io.Writer, run *Run, opt Options) error {
	t := &table{w: bufio.NewWriter(w), opt: opt, several: severalTargets(run)}
	t.verdict(run)
	if !opt.Quiet {
		t.reasons(run.Verdict.Reasons)
		t.findings("Blocking", decided(run, policy.Block), maxBlocking, true)
		t.findings("Warnings", decided(run, policy.Warn), maxWarnings, false)
		t.counts(run)
		t.drifts(run.Drifts)
		t.scans(run.Scans)
		t.end(run)
	}
	return t.w.Flush()
}

// line writes parts, made plain, on one line that fits the terminal.
func (t *table) line(parts ...part) {
	left := t.opt.Width
	var b strings.Builder
	begun := false
	for _, p := range parts {
		text := Plain(p.text)
		if t := strings.TrimLeft(text, " "); !begun && t != "" {
			begun = true
			if strings.HasPrefix(t, "::") { // a command to the runner of GitHub Actions
				text = strings.Replace(text, "::", `\x3a:`, 1)
			}
		}
		if p.width > 0 {
			text += strings.Repeat(" ", max(p.width-width(text), 2))
		}
		if t.opt.Width > 0 {
			text = cut(text, left)
			left -= width(text)
		}
		if t.opt.Color && p.style != "" && strings.TrimSpace(text) != "" {
			text = "\x1b[" + p.style + "m" + text + "\x1b[0m"
		}
		b.WriteString(text)
	}
	t.w.WriteString(strings.TrimRight(b.String(), " ") + "\n") //nolint:errcheck // Flush gives it
}

func (t *table) verdict(run *Run) {
	style := yellow
	switch {
	case passed(run):
		style = green
	case run.Verdict.Status == policy.Pass:
		style = ""
	case run.Verdict.Status == policy.Blocked:
		style = red
	}
	t.line(part{text: headline(run), style: strings.TrimSuffix(bold+";"+style, ";")})
}

func (t *table) reasons(reasons []string) {
	for i, r := range reasons {
		if i == maxReasons {
			t.line(part{text: fmt.Sprintf("  and %d more reasons", len(reasons)-i)})
			return
		}
		t.line(part{text: "  " + r})
	}
}

func (t *table) title(s string) {
	t.line()
	t.line(part{text: s, style: bold})
}

// findings shows at most limit findings, grouped by place.
func (t *table) findings(title string, all []*Finding, limit int, details bool) {
	if len(all) == 0 {
		return
	}
	t.title(title + ": " + severities(all))
	shown := all[:min(limit, len(all))]
	for len(shown) > 0 {
		n := 1
		for n < len(shown) && place(shown[n], t.several) == place(shown[0], t.several) {
			n++
		}
		t.line()
		t.line(part{text: "  " + place(shown[0], t.several), style: bold})
		t.group(shown[:n], details)
		shown = shown[n:]
	}
	if n := len(all) - limit; n > 0 {
		t.line()
		t.line(part{text: fmt.Sprintf("  and %d more, which `-f json` lists", n)})
	}
}

// group shows the findings of one place, a line each, with what to do about it
// below where details are wanted.
func (t *table) group(findings []*Finding, details bool) {
	lines, rules := 0, 0
	for _, f := range findings {
		lines = max(lines, len(line(f)))
		rules = max(rules, min(width(Plain(f.Rule)), maxColumn))
	}
	if lines > 0 {
		lines += 2
	}
	told := ""
	for _, f := range findings {
		t.line(
			part{text: "    "},
			part{text: line(f), width: lines},
			part{text: f.Severity.String(), style: severityStyle(f.Severity), width: len("critical") + 2},
			part{text: f.Rule, width: rules + 2},
			part{text: message(f)},
		)
		if !details {
			continue
		}
		indent := part{text: strings.Repeat(" ", 4+lines+len("critical")+2)}
		t.excerpt(indent, f)
		if by := f.Decision.Reason; by != "" {
			t.line(indent, part{text: "why:   " + by, style: faint})
		}
		if f.Remediation != told && f.Remediation != "" {
			t.line(indent, part{text: "to do: " + f.Remediation})
		}
		told = f.Remediation
	}
}

// excerpt shows the line of a finding with what points at its place; of an image what
// built the layer.
func (t *table) excerpt(indent part, f *Finding) {
	if by := f.Location.Instruction; f.Location.Image != "" && by != "" {
		t.line(indent, part{text: "layer: " + by, style: faint})
	}
	x := f.Excerpt
	if x == nil {
		return
	}
	start, end, ok := x.Region()
	if !ok {
		t.line(indent, part{text: x.Text})
		return
	}
	// The line is made plain as a whole: two harmless halves can make a command.
	text, from, to := Plain(x.Text), width(Plain(x.Text[:start])), width(Plain(x.Text[:end]))
	if most := max(0, t.opt.Width-len(indent.text)) / 2; t.opt.Width > 0 && from > most {
		whole := width(text)
		text = ending(text, whole-from+most)
		shift := whole - width(text)
		from, to = max(0, from-shift), to-shift
	}
	t.line(indent, part{text: text})
	t.line(indent, part{text: strings.Repeat(" ", from)}, part{text: strings.Repeat("^", max(1, to-from)), style: severityStyle(f.Severity)})
}

// line is where in its file a finding is; in an image only its message says so, as
// a path takes much room.
func line(f *Finding) string {
	if f.Location.Image != "" {
		return ""
	}
	return spot(f)
}

func message(f *Finding) string {
	text := f.Message
	if at := spot(f); f.Location.Image != "" && at != "" {
		text += " at " + at
	}
	if built := f.Location.Built; built.Path != "" {
		text += fmt.Sprintf(", from %s:%d", built.Path, built.StartLine)
	}
	return text
}

func severityStyle(s finding.Severity) string {
	switch s {
	case finding.Critical:
		return bold + ";" + red
	case finding.High:
		return red
	case finding.Medium:
		return yellow
	}
	return ""
}

// counts speaks of findings that are not shown.
func (t *table) counts(run *Run) {
	noted, silent := decided(run, policy.Note), decided(run, policy.Suppress)
	if len(noted)+len(silent) == 0 {
		return
	}
	t.line()
	if n := len(noted); n > 0 {
		t.line(part{text: count(n, "note", "notes") + ", which `-f json` lists"})
	}
	if len(silent) > 0 {
		t.line(part{text: accepted(silent)})
	}
	for i, a := range acceptances(silent) {
		if i == maxAccepted {
			t.line(part{text: "  and more, which `-f json` lists"})
			return
		}
		text := "  " + count(a.findings, "finding", "findings") + " by " + a.by
		if a.until != "" {
			text += " until " + a.until
		}
		if a.reason != "" {
			text += ": " + a.reason
		}
		t.line(part{text: text, style: faint})
	}
}

func (t *table) scans(scans []Scan) {
	t.title("Scans")
	if len(scans) == 0 {
		t.line(part{text: "  none: nothing was scanned", style: yellow})
	}
	names, targets := 0, 0
	for _, s := range scans {
		names = max(names, min(width(Plain(s.Scanner)), maxColumn))
		targets = max(targets, min(width(Plain(scanned(s))), maxColumn))
	}
	for _, s := range scans {
		t.line(
			part{text: "  "},
			part{text: s.Scanner, width: names + 2},
			part{text: scanned(s), width: targets + 2},
			part{text: outcome(s), style: statusStyle(s.Status)},
		)
		t.list("error: ", s.Errors)
		t.list("note: ", s.Notes)
	}
}

func (t *table) list(before string, lines []string) {
	for i, l := range lines {
		if i == maxErrors {
			t.line(part{text: fmt.Sprintf("      and %d more", len(lines)-i), style: faint})
			return
		}
		t.line(part{text: "      " + before + l, style: faint})
	}
}

func statusStyle(s finding.Status) string {
	switch s {
	case finding.StatusOK:
		return green
	case finding.StatusNothing:
		return faint
	case finding.StatusPartial:
		return yellow
	}
	return red
}

func (t *table) end(run *Run) {
	t.line()
	t.verdict(run)
	for _, n := range next(run, t.opt.Catalogue) {
		t.line(part{text: "  " + n})
	}
}
