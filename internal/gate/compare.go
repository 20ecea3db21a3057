package gate

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/report"
	"github.com/boltseal/boltseal/internal/scan"
)

// Comparison is what the findings of some targets are held against: those of a folder
// and of the commits that change it share one.
type Comparison struct {
	// Since tells what is new. Where it is nil everything is, if AllNew says so, or
	// else nothing is known.
	Since  *Reference
	AllNew bool
	// Trusted tells which findings may stay silent that go by a place: those that were
	// silent there. nil heeds all that asks.
	Trusted *Reference
}

// Reference is a state of a tree that was there before.
type Reference struct {
	// Name is what messages call it: "commit 12ab…".
	Name string
	// Open opens the tree as it was, under the name of its target; it looks for
	// secrets in the given files alone.
	Open func(ctx context.Context, target string, looks map[string]bool) (scan.Source, error)
	// Moved gives the files that have moved since, their new paths by their old ones;
	// nil where none can.
	Moved func(ctx context.Context) (map[string]string, error)
	// Stored are findings of an earlier run, with their fingerprints.
	Stored []finding.Finding
}

// comparing compares the findings of one comparison.
type comparing struct {
	req  *Request
	run  *report.Run
	mask func(string) string
	*Comparison
	// trees and histories are its findings, by their place in the run.
	trees, histories []int
	scanned          map[*Reference]*state
	// target is the name of its tree, or of the image that it is about.
	target string
	image  bool
}

// compare says of every finding whether it is new, and takes from those that a change
// silences what asks for it. What cannot be compared is a failure.
func compare(ctx context.Context, req *Request, run *report.Run, sealed []finding.Finding) {
	byComparison := make(map[*Comparison]*comparing)
	var order []*comparing
	for _, src := range req.Sources {
		c := req.Compare[src.Target().Name]
		if c == nil {
			continue
		}
		at := byComparison[c]
		if at == nil {
			at = &comparing{req: req, run: run, mask: req.mask, Comparison: c, scanned: make(map[*Reference]*state)}
			byComparison[c] = at
			order = append(order, at)
		}
		if src.Target().Kind != scan.KindHistory {
			at.target, at.image = src.Target().Name, src.Target().Kind == scan.KindImage
		}
	}
	compared := make(map[int]bool)
	for _, c := range order {
		c.gather(byComparison, sealed)
		for _, i := range slices.Concat(c.trees, c.histories) {
			compared[i] = !c.image // of which nobody knows what was silent
		}
		if err := c.compare(ctx, sealed); err != nil {
			req.Failures = append(req.Failures, oneLine(err.Error()))
		}
	}
	for i := range run.Findings {
		if req.InChange && !compared[i] {
			req.silence(&run.Findings[i].Finding, nil)
		}
	}
}

// gather takes the findings that are compared here.
func (c *comparing) gather(all map[*Comparison]*comparing, sealed []finding.Finding) {
	kinds := make(map[string]scan.Kind)
	for _, src := range c.req.Sources {
		t := src.Target()
		if all[c.req.Compare[t.Name]] == c {
			kinds[c.mask(t.Name)] = t.Kind
		}
	}
	for i := range sealed {
		switch kind, ours := kinds[sealed[i].Target]; {
		case !ours:
		case kind == scan.KindHistory:
			c.histories = append(c.histories, i)
		default:
			c.trees = append(c.trees, i)
		}
	}
}

func (c *comparing) compare(ctx context.Context, sealed []finding.Finding) error {
	var errs []error
	if c.Trusted != nil {
		known, err := c.silent(ctx, sealed)
		if err != nil {
			// Nothing is known of what may stay silent.
			known, errs = finding.NewKnown(nil, nil), append(errs, err)
		}
		c.each(sealed, known, func(i int, there *finding.Finding) { c.req.silence(&c.run.Findings[i].Finding, there) })
	}
	switch {
	case c.AllNew:
		c.each(sealed, finding.NewKnown(nil, nil), c.mark)
	case c.Since != nil:
		there, moved, err := c.scan(ctx, c.Since, sealed)
		if err != nil && (c.Trusted != c.Since || len(errs) == 0) {
			errs = append(errs, err)
		}
		c.each(sealed, finding.NewKnown(there, moved), c.mark)
	}
	return errors.Join(errs...)
}

func (c *comparing) all(do func(i int)) {
	for _, i := range slices.Concat(c.trees, c.histories) {
		do(i)
	}
}

// mark says whether a finding is new: where it was nothing there.
func (c *comparing) mark(i int, there *finding.Finding) { c.run.Findings[i].New = new(there == nil) }

// each gives to every finding the one that it was there. One of a tree is counted: a
// second one like it was not there. Commits tell the same finding many times.
func (c *comparing) each(sealed []finding.Finding, known *finding.Known, do func(i int, there *finding.Finding)) {
	for _, i := range c.trees {
		do(i, known.Take(&sealed[i]))
	}
	for _, i := range c.histories {
		do(i, known.Find(&sealed[i]))
	}
}

// silent gives the findings that were silent there for what goes by a place.
func (c *comparing) silent(ctx context.Context, sealed []finding.Finding) (*finding.Known, error) {
	there, moved, err := c.scan(ctx, c.Trusted, sealed)
	if err != nil {
		return nil, err
	}
	there = slices.DeleteFunc(slices.Clone(there), func(f finding.Finding) bool { return f.Ignored == "" || !f.Placed })
	return finding.NewKnown(there, moved), nil
}

// silence lets a finding stay silent that was silent there, and no other one.
func (r *Request) silence(f, there *finding.Finding) {
	switch {
	case there != nil:
		f.Ignored, f.Placed = there.Ignored, true
	case f.Placed && f.Ignored != "":
		told := func(u unheeded) bool { return u.at.Path == f.Location.Path && u.rule == f.Rule && u.by == f.Ignored }
		if len(r.unheeded) < maxUnheeded && !slices.ContainsFunc(r.unheeded, told) {
			r.unheeded = append(r.unheeded, unheeded{f.Location, f.Rule, f.Target, f.Ignored})
		}
		f.Ignored, f.Placed = "", false
	}
}

// unheeded is what asks to pass a finding over, and counts only after the merge.
type unheeded struct {
	at           finding.Location
	rule, target string
	by           string
}

// maxUnheeded bounds what is told of them: each finding itself is told as well.
const maxUnheeded = 1000

// state is what was found there.
type state struct {
	found []finding.Finding
	moved map[string]string
	err   error
}

// scan scans the tree as it was there, once, as far as findings are to be compared.
func (c *comparing) scan(ctx context.Context, ref *Reference, sealed []finding.Finding) ([]finding.Finding, map[string]string, error) {
	s := c.scanned[ref]
	if s == nil {
		s = &state{}
		s.found, s.moved, s.err = c.scanAnew(ctx, ref, sealed)
		c.scanned[ref] = s
	}
	return s.found, s.moved, s.err
}

func (c *comparing) scanAnew(ctx context.Context, ref *Reference, sealed []finding.Finding) ([]finding.Finding, map[string]string, error) {
	fail := func(err error) ([]finding.Finding, map[string]string, error) {
		return nil, nil, fmt.Errorf("the findings cannot be compared with %s: %w", ref.Name, err)
	}
	var moved map[string]string
	var err error
	if ref.Moved != nil {
		if moved, err = ref.Moved(ctx); err != nil {
			return fail(err)
		}
	}
	src, err := ref.Open(ctx, c.target, c.looks(sealed, moved))
	if err != nil {
		return fail(err)
	}
	c.req.Options.Progress.Begin(c.mask(ref.Name), 0, 0)
	var found []finding.Finding
	for _, res := range scan.Run(ctx, src, c.scanners(src.Target(), sealed), c.req.Options) {
		there, _ := named(res)
		found = append(found, there...)
		if res.Status == finding.StatusOK && ref == c.Since && !c.req.Share.splits(src.Target(), res.Scanner) {
			c.vanished(res)
		}
	}
	if lost, ok := src.(interface{ Lost() error }); ok {
		err = lost.Lost()
	}
	if closed := src.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = context.Cause(ctx)
	}
	if err != nil {
		return fail(err)
	}
	return append(finding.Seal(found, c.mask), ref.Stored...), moved, nil
}

// scanners are those that look there: in a shard those that are due, and those whose
// findings are compared.
func (c *comparing) scanners(t scan.Target, sealed []finding.Finding) []scan.Scanner {
	if c.req.Share == nil {
		return c.req.Scanners
	}
	due := make(map[string]bool)
	for _, s := range c.req.Share.scanners(t, c.req.Scanners) {
		due[s.Name()] = true
	}
	c.all(func(i int) { due[sealed[i].Scanner] = true })
	return slices.DeleteFunc(slices.Clone(c.req.Scanners), func(s scan.Scanner) bool { return !due[s.Name()] })
}

// looks are the files in which secrets are looked for there: those that have some by
// now.
func (c *comparing) looks(sealed []finding.Finding, moved map[string]string) map[string]bool {
	looks := make(map[string]bool)
	c.all(func(i int) {
		if sealed[i].Scanner == finding.Secrets {
			file, _, _ := strings.Cut(sealed[i].Location.Path, "!")
			looks[file] = true
		}
	})
	for old, now := range moved {
		if looks[now] {
			looks[old] = true
		}
	}
	return looks
}

// vanished warns of a scanner that had something to look at there and has nothing by
// now.
func (c *comparing) vanished(there scan.Result) {
	for _, s := range c.run.Scans {
		if s.Scanner == there.Scanner && s.Target == c.mask(c.target) && s.Status == finding.StatusNothing && there.Files > 0 {
			c.req.notices = append(c.req.notices, finding.Finding{
				Rule: finding.RuleVanished, Scanner: finding.Policy, Target: c.target, Severity: finding.Medium, SeverityFrom: "rule",
				Message:  fmt.Sprintf("The change leaves nothing to look at for %s, which had %d files", s.Scanner, there.Files),
				Identity: finding.Identity{"vanished", s.Scanner},
			})
		}
	}
}
