package compliance

import (
	"slices"

	"github.com/boltseal/boltseal/internal/finding"
)

// Status is what is known of a control.
type Status string

// The statuses.
const (
	Failed      Status = "failed"       // a finding speaks against it, accepted or not
	Passed      Status = "passed"       // a scanner that sees all of it found nothing
	NotAssessed Status = "not assessed" // nothing speaks against it that a scan can see
)

// Scan is how a scanner ended on a target, and whether that is an image.
type Scan struct {
	Scanner string
	Status  finding.Status
	Image   bool
}

// Result is a control with what is known of it.
type Result struct {
	Control Control
	Status  Status
	// Findings are the indexes of those that speak against it.
	Findings []int
	// Why says how a control is passed or not assessed.
	Why string
}

// Assess goes through a catalogue. assesses says whether a rule that runs by default
// names a control, for the scanner that decides it.
func (c Catalogue) Assess(findings []*finding.Finding, scans []Scan, assesses func(scanner, control string) bool) []Result {
	named := make(map[string][]int)
	for i, f := range findings {
		for _, name := range f.Controls {
			named[name] = append(named[name], i)
		}
	}
	results := make([]Result, 0, len(c.Controls))
	for _, control := range c.Controls {
		name := c.ID + ":" + control.ID
		r := Result{Control: control, Findings: named[name]}
		for _, s := range control.Sights {
			for i, f := range findings {
				if s.sees(f) {
					r.Findings = append(r.Findings, i)
				}
			}
		}
		slices.Sort(r.Findings)
		r.Findings = slices.Compact(r.Findings)
		switch {
		case len(r.Findings) > 0:
			r.Status = Failed
		case control.Decider == "" || !assesses(control.Decider, name):
			r.Status, r.Why = NotAssessed, "a scan cannot know: "+control.Unseen
		default:
			r.Status, r.Why = decided(control, scans)
		}
		results = append(results, r)
	}
	return results
}

// decided passes a control where its scanner looked at an image, and at none in vain.
func decided(c Control, scans []Scan) (status Status, why string) {
	looked := false
	for _, s := range scans {
		if s.Scanner != c.Decider {
			continue
		}
		switch s.Status {
		case finding.StatusOK:
			looked = looked || s.Image
		case finding.StatusNothing:
		default:
			return NotAssessed, "not everything could be scanned"
		}
	}
	if !looked {
		return NotAssessed, "no image was scanned for it"
	}
	return Passed, "of the images that were scanned; a scan cannot know: " + c.Unseen
}
