package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/owenrumney/go-sarif/v2/sarif"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/policy"
)

// Limits of GitHub's code scanning
// (https://docs.github.com/code-security/code-scanning/troubleshooting-sarif-uploads/results-exceed-limit).
const (
	// MaxSARIFRuns is how many runs one file may have.
	MaxSARIFRuns = 20
	// MaxSARIFResults is how many results of a run are kept.
	MaxSARIFResults = 5000
)

// SARIFPart is what one scanner found on one target: a category of code scanning.
type SARIFPart struct {
	part *scanPart
	cut  int
}

// Category tells the part from all others.
func (p SARIFPart) Category() string { return p.part.category }

// Results is how many results it has.
func (p SARIFPart) Results() int { return len(p.part.findings) }

// Cut is how many results were left out.
func (p SARIFPart) Cut() int { return p.cut }

// Keep leaves at most n results, the most severe.
func (p SARIFPart) Keep(n int) SARIFPart {
	if len(p.part.findings) <= n {
		return p
	}
	part := *p.part
	part.findings = mostSevere(p.part.findings)[:n]
	return SARIFPart{&part, p.cut + len(p.part.findings) - n}
}

// SARIFParts are the parts of a run that code scanning may have, within its limits,
// and what is held back, a line each. An upload closes every alert of its category
// that it does not name: a scan that failed has none, and neither has one that gave
// up on something, unless the policy passed the run all the same. A run that lacks
// something has none at all, as nobody knows what it would have found. What is accepted
// is left out, as code scanning knows nothing of acceptance in SARIF.
func SARIFParts(run *Run) (parts []SARIFPart, held []string) {
	if why := Missing(run); len(why) > 0 {
		return nil, []string{Plain("all that was scanned: " + strings.Join(why, "; "))}
	}
	for _, part := range byScan(run) {
		s := part.scan
		ended := s.Status == finding.StatusOK || s.Status == finding.StatusNothing ||
			s.Status == finding.StatusPartial && run.Verdict.Status == policy.Pass
		if !ended {
			held = append(held, Plain(s.Scanner+" on "+scanned(s)+": "+outcome(s)))
			continue
		}
		var open []*Finding
		for _, f := range part.findings {
			if f.Decision.Action != policy.Suppress {
				open = append(open, f)
			}
		}
		part.findings = open
		p := SARIFPart{part: part}.Keep(MaxSARIFResults)
		parts = append(parts, p)
	}
	return parts, held
}

// LineHasher gives the LineHashes of a file of the repository; none of one that
// cannot be read.
type LineHasher func(path string, lines map[int]bool) map[int]string

// WriteSARIFParts writes parts as SARIF for code scanning. category comes before
// every part's own, where it is not empty; hash may be nil.
func WriteSARIFParts(w io.Writer, run *Run, parts []SARIFPart, category string, hash LineHasher, opt Options) error {
	log := newSARIF(run)
	for _, p := range parts {
		part := *p.part
		if category != "" {
			part.category = "boltseal/" + Plain(category) + strings.TrimPrefix(part.category, "boltseal")
		}
		r := sarifRun(run, &part, opt)
		if p.cut > 0 {
			r.Invocations[0].AddTToolExecutionNotification(sarif.NewNotification().WithLevel("warning").WithMessage(sarifMessage(
				fmt.Sprintf("%s left out here, as code scanning takes no more; the most severe are kept", count(p.cut, "result is", "results are")))))
		}
		if hash != nil {
			addLineHashes(r, part.findings, hash)
		}
		log.Runs = append(log.Runs, r)
	}
	return encodeSARIF(w, log)
}

// addLineHashes gives every result on a line of the repository's files the hash of
// that line.
func addLineHashes(r *sarif.Run, findings []*Finding, hash LineHasher) {
	wanted := make(map[string]map[int]bool)
	for _, f := range findings {
		if path, line, _, ok := f.Lines(); ok {
			if wanted[path] == nil {
				wanted[path] = make(map[int]bool)
			}
			wanted[path][line] = true
		}
	}
	hashes := make(map[string]map[int]string)
	for path, lines := range wanted {
		hashes[path] = hash(path, lines)
	}
	for i, f := range findings {
		path, line, _, ok := f.Lines()
		if h := hashes[path][line]; ok && h != "" {
			r.Results[i].PartialFingerprints["primaryLocationLineHash"] = h
		}
	}
}
