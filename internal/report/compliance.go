package report

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/boltseal/boltseal/internal/compliance"
	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/policy"
)

// maxControlFindings is how many findings stand below a control; the rest is counted.
const maxControlFindings = 50

// writeCompliance shows control by control what the run says of it, in markdown:
// passed, failed or not assessed, with the findings. A finding that is accepted speaks
// against a control all the same, and is marked.
func writeCompliance(w io.Writer, run *Run, opt Options) error {
	b := new(strings.Builder)
	fmt.Fprintf(b, "# Controls\n\n%s\n\nA control is passed only where a scan sees all that it asks. Everything else is the work of people.\n", mdText(headline(run), mdLong))
	fmt.Fprint(b, "\n| scanner | target | status |\n|---|---|---|\n")
	for _, s := range run.Scans {
		fmt.Fprintf(b, "| %s | %s | %s |\n", mdText(s.Scanner, mdShort), mdCode(scanned(s), mdShort), mdText(outcome(s), mdLong))
	}
	findings := make([]*finding.Finding, len(run.Findings))
	for i := range run.Findings {
		findings[i] = &run.Findings[i].Finding
	}
	scans := controlScans(run)
	assesses := func(scanner, control string) bool {
		for _, r := range opt.Catalogue {
			if r.Scanner == scanner && !r.Off && slices.Contains(r.Controls, control) {
				return true
			}
		}
		return false
	}
	several := severalTargets(run)
	for _, c := range compliance.Catalogues() {
		results := c.Assess(findings, scans, assesses)
		fmt.Fprintf(b, "\n## %s\n\n%s\n\n| control | title | status |\n|---|---|---|\n", c.Title, controlCounts(results))
		for _, r := range results {
			fmt.Fprintf(b, "| %s | %s | %s |\n", r.Control.ID, r.Control.Title, controlStatus(run, r))
		}
		for _, r := range results {
			if len(r.Findings) > 0 {
				writeControl(b, run, c.ID, r, several)
			}
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// controlScans tells scans of images from others: a root file system has no
// configuration.
func controlScans(run *Run) []compliance.Scan {
	images, partial := imagesOf(run), len(Missing(run)) > 0
	scans := make([]compliance.Scan, len(run.Scans))
	for i, s := range run.Scans {
		status := s.Status
		if partial {
			status = status.Worse(finding.StatusPartial)
		}
		scans[i] = compliance.Scan{Scanner: s.Scanner, Status: status, Image: images[s.Target] && !strings.HasPrefix(s.Target, "rootfs:")}
	}
	return scans
}

func controlCounts(results []compliance.Result) string {
	counts := make(map[compliance.Status]int)
	for _, r := range results {
		counts[r.Status]++
	}
	return fmt.Sprintf("%d failed, %d passed, %d not assessed.", counts[compliance.Failed], counts[compliance.Passed], counts[compliance.NotAssessed])
}

func controlStatus(run *Run, r compliance.Result) string {
	if r.Status != compliance.Failed {
		return string(r.Status) + ": " + r.Why
	}
	text := string(r.Status) + ": " + count(len(r.Findings), "finding", "findings")
	accepted := 0
	for _, i := range r.Findings {
		if run.Findings[i].Decision.Action == policy.Suppress {
			accepted++
		}
	}
	if accepted > 0 {
		text += fmt.Sprintf(", %d accepted", accepted)
	}
	return text
}

func writeControl(b *strings.Builder, run *Run, catalogue string, r compliance.Result, several bool) {
	fmt.Fprintf(b, "\n### %s %s\n\n| decision | rule | where | what |\n|---|---|---|---|\n", catalogue, r.Control.ID)
	for _, i := range r.Findings[:min(len(r.Findings), maxControlFindings)] {
		f := &run.Findings[i]
		decision := string(f.Decision.Action)
		if f.Decision.Action == policy.Suppress {
			decision = "accepted"
			if f.Decision.Until != "" {
				decision += " until " + f.Decision.Until
			}
		}
		where := place(f, several)
		if s := spot(f); s != "" {
			where += " " + s
		}
		fmt.Fprintf(b, "| %s | %s | %s | %s |\n", mdText(decision, mdShort), mdCode(f.Rule, mdShort), mdCode(where, mdShort), mdText(f.Message, mdLong))
	}
	if more := len(r.Findings) - maxControlFindings; more > 0 {
		fmt.Fprintf(b, "\n%s more; the run file has all.\n", count(more, "finding", "findings"))
	}
}
