// Package gate is the line through the program: it scans sources with scanners,
// seals what was found, judges it by the policies and gives the run that reports
// and publishers show.
package gate

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/inventory"
	"github.com/boltseal/boltseal/internal/policy"
	"github.com/boltseal/boltseal/internal/report"
	"github.com/boltseal/boltseal/internal/scan"
	"github.com/boltseal/boltseal/internal/vulndb"
)

// Request is what one run of the gate needs.
type Request struct {
	// Sources are scanned one after the other, each by all scanners; they are
	// closed by Run.
	Sources []scan.Source
	// Unopened are targets that could not even be opened: every scanner's failure.
	Unopened []Unopened
	Scanners []scan.Scanner
	Options  scan.Options
	// Older are images that those of Sources are compared with, by platform; they are
	// closed by Run. What a source has and its older image has not is new.
	Older []scan.Source
	// Untrusted says that the trees are those of a change under test: whoever wrote it
	// must not choose by a FROM what counts as the base's. Of a tree that is compared
	// with a trusted commit the FROM of that commit counts.
	Untrusted bool
	// FindBase looks for what FROM names where no image at hand is it; nil where nobody
	// may be asked.
	FindBase FindBase
	// Signed looks for signatures of bases; nil where nobody asks for them.
	Signed AskSigned
	// BaseImages are those that the user says images are built upon. Their layers are
	// compared; nothing of them is scanned.
	BaseImages []*scan.Image
	// Database is the one that the packages scanner asks; nil for none.
	Database vulndb.DB
	// Baselines tell by target which findings were there before, where nothing else
	// does; a target without one is compared with nothing.
	Baselines map[string]*Baseline
	Version   string
	// Compare says what the findings of a target are held against, by its name;
	// those of others are not compared.
	Compare map[string]*Comparison
	// InChange says that somebody's proposal is under test. Of a target that is not
	// compared nothing stays silent that goes by a place.
	InChange bool
	// Heads are policy files that the change under test changes, Notices what else
	// there is to say of the change, without fingerprints.
	Heads   []Head
	Notices []finding.Finding
	// Share is what this job does of a run that several share; nil does all of it.
	Share *Share
	// Commit is the one that is checked out; empty where that is not known.
	Commit string
	// Change names the commits of the change under test; nil for none.
	Change *report.Change
	Judging

	// notices and unheeded are what the comparison has to say.
	notices  []finding.Finding
	unheeded []unheeded
}

// Unopened is a target that could not be opened.
type Unopened struct {
	Target string
	Err    error
}

// Judging is what a verdict depends on beside what was found.
type Judging struct {
	// Policies judge by themselves; the stricter decision stands. Never empty.
	Policies []*policy.Policy
	// FailOn blocks what is at least as severe; nil blocks nothing.
	FailOn   *finding.Severity
	WarnOnly bool
	// Only says what alone may block.
	Only policy.Only
	Now  time.Time
	// Failures take the verdict away whatever was found: a report that could not
	// be written.
	Failures []string
	// Warnings are reasons that change nothing.
	Warnings []string
	// Event, Environment and DefaultBranch are the run's: see policy.Input.
	Event         policy.Event
	Environment   string
	DefaultBranch bool
	// Mask takes secrets out of every string that comes from what was scanned or
	// from a policy file. Masking twice is masking once; nil masks nothing.
	Mask func(string) string
}

func (j Judging) mask(s string) string {
	if j.Mask == nil {
		return s
	}
	return j.Mask(s)
}

// Run scans, seals and judges. It never fails as a whole: what went wrong is in
// the run's scans and verdict.
func Run(ctx context.Context, req Request) *report.Run {
	run := &report.Run{
		Schema:   report.Schema,
		Tool:     report.Tool{Name: "boltseal", Version: req.Version},
		Change:   req.Change,
		Commit:   req.Commit,
		Shard:    req.Share.shard(),
		Scans:    []report.Scan{},
		Findings: []report.Finding{},
	}
	mask := req.mask
	req.Options.Version = req.Version
	req.Options.Reveals = func(text string) bool { return mask(text) != text }
	var findings []finding.Finding
	built := newBuilds(&req)
	compared := make(map[string]*older)
	for i, src := range req.Sources {
		due := req.Share.scanners(src.Target(), req.Scanners)
		looking := built.scanners(src.Target(), due)
		if len(looking) == 0 { // all of it is due elsewhere
			req.close(src)
			continue
		}
		old := req.older(ctx, src.Target(), due)
		req.Options.Progress.Begin(mask(src.Target().Name), i+1, len(req.Sources))
		results := scan.Run(ctx, src, looking, req.Options)
		before := len(findings)
		for _, res := range results[:len(due)] {
			found, packages := named(res)
			findings = append(findings, found...)
			run.Packages = append(run.Packages, packages...)
			run.Scans = append(run.Scans, row(res, mask))
		}
		req.Options.Progress.End(len(findings) - before)
		if old != nil {
			compared[src.Target().Name] = old
			for _, res := range old.results {
				run.Scans = append(run.Scans, row(res, mask))
			}
		}
		if !built.keeps(src) {
			req.close(src)
		}
	}
	built.trace(ctx, &req)
	for _, src := range slices.Concat(built.open, req.Older) {
		req.close(src)
	}
	for _, u := range req.Unopened {
		for _, s := range req.Scanners {
			run.Scans = append(run.Scans, report.Scan{
				Scanner: s.Name(), Target: mask(u.Target), Status: finding.StatusFailed, Reason: mask(u.Err.Error()),
			})
		}
	}
	built.tell(run.Scans, mask)
	findings = append(findings, built.unsigned(run.Scans, mask)...)
	built.findings(findings)
	built.packages(run.Packages)
	run.Images = built.shown(mask)
	sealed := finding.Seal(findings, mask)
	run.Findings = slices.Grow(run.Findings, len(sealed))
	for _, f := range sealed {
		run.Findings = append(run.Findings, report.Finding{Subject: policy.Subject{Finding: f}})
	}
	compare(ctx, &req, run, sealed)
	for _, f := range finding.Seal(req.changeNotices(run), mask) {
		run.Findings = append(run.Findings, report.Finding{Subject: policy.Subject{Finding: f}})
	}
	slices.SortStableFunc(run.Findings, func(a, b report.Finding) int { return finding.Compare(a.Finding, b.Finding) })
	for i, p := range run.Packages {
		run.Packages[i] = finding.MaskPackage(p, mask)
	}
	slices.SortStableFunc(run.Packages, inventory.Compare)
	mark(run, compared, mask)
	run.Drifts = drifts(run, &req, compared)
	if req.Database != nil {
		run.Database = database(req.Database.Info())
	}
	stale := tellNew(run, req.Baselines, mask)
	if ctx.Err() != nil {
		req.Failures = append(slices.Clone(req.Failures), "the run ended before everything was scanned: "+oneLine(context.Cause(ctx).Error()))
	}
	if run.Shard == nil { // the rest may match what nothing matches here
		req.Warnings = append(req.Warnings, stale...)
	}
	Judge(run, req.Judging)
	return run
}

// close closes a source that nothing reads any more.
func (r *Request) close(src scan.Source) {
	if err := src.Close(); err != nil {
		r.Unopened = append(r.Unopened, Unopened{src.Target().Name, fmt.Errorf("closing: %w", err)})
	}
}

// named sets the target in everything that a result holds.
func named(res scan.Result) ([]finding.Finding, []inventory.Package) {
	findings, packages := slices.Clone(res.Findings), slices.Clone(res.Packages)
	for i := range findings {
		findings[i].Target = res.Target.Name
	}
	for i := range packages {
		packages[i].Target = res.Target.Name
	}
	return findings, packages
}

// row is a result as the run file shows it.
func row(res scan.Result, mask func(string) string) report.Scan {
	s := report.Scan{
		Scanner: res.Scanner, Target: mask(res.Target.Name), Digest: res.Target.Digest,
		Status: res.Status, Reason: mask(oneLine(res.Reason)),
		Files: res.Files, Bytes: res.Bytes, Skipped: maps.Clone(res.Skipped),
		DurationMS: res.Duration.Milliseconds(), RulesAssessed: res.RulesAssessed,
	}
	if res.Target.Image != nil {
		s.Platform = res.Target.Image.Platform
	}
	for _, n := range res.Notes {
		s.Notes = append(s.Notes, mask(oneLine(n)))
	}
	if len(res.Errors) > 1 { // a single one is the reason itself
		for _, e := range res.Errors {
			s.Errors = append(s.Errors, mask(oneLine(e)))
		}
	}
	return s
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// database is what a run says of the database that was asked.
func database(info vulndb.Info) *report.Database {
	d := &report.Database{Built: info.Built, Digest: info.Digest, KEV: info.KEVDate, EPSS: info.EPSSDate, KEVAsOf: info.KEVAsOf, EPSSAsOf: info.EPSSAsOf}
	for _, s := range info.Sources {
		d.Sources = append(d.Sources, report.DatabaseSource{Ecosystem: s.Ecosystem, Date: s.Date, AsOf: s.AsOf, Records: s.Records, Bad: s.Bad})
	}
	return d
}

// named are the policies as the run file names them. One that judges below several
// folders is named once.
func (j Judging) named() []report.Policy {
	named := []report.Policy{}
	seen := make(map[[4]string]bool)
	for _, p := range j.Policies {
		key := [4]string{p.Path, p.Ref, p.Digest, strings.Join(p.Targets, "\x00")}
		if !seen[key] {
			seen[key] = true
			named = append(named, report.Policy{Path: j.mask(p.Path), Ref: p.Ref, Digest: p.Digest, Targets: p.Targets})
		}
	}
	return named
}

// Judge gives a run its verdict and every finding its decision, in place of those
// that it has. It looks at nothing but the run, so a stored run judged again by the
// same policies on the same day is the same to the byte.
func Judge(run *report.Run, j Judging) {
	in := policy.Input{
		FailOn: j.FailOn, WarnOnly: j.WarnOnly, Only: j.Only, Failures: j.Failures, Warnings: j.Warnings,
		Event: j.Event, Environment: j.Environment, DefaultBranch: j.DefaultBranch, Part: run.Shard != nil,
	}
	for _, f := range run.Findings {
		in.Subjects = append(in.Subjects, f.Subject)
	}
	for _, s := range run.Scans {
		in.Scans = append(in.Scans, policy.Scan{Scanner: s.Scanner, Target: s.Target, Platform: s.Platform, Status: s.Status, Reason: s.Reason})
	}
	if run.Database != nil {
		in.Advisories, in.Lists = run.Database.Judged()
	}
	verdict, decisions := policy.Judge(j.Policies, in, j.Now)
	if s := run.Shard; s != nil {
		verdict.Reasons = append(verdict.Reasons, fmt.Sprintf("this is shard %d of %d: boltseal merge gives the verdict of the whole", s.Index, s.Of))
	}
	for i, reason := range verdict.Reasons {
		verdict.Reasons[i] = j.mask(reason)
	}
	run.Verdict = verdict
	for i, d := range decisions {
		d.By, d.Reason = j.mask(d.By), j.mask(d.Reason)
		run.Findings[i].Decision = d
	}
	run.Policies = j.named()
	run.Judged = report.Judged{
		On: j.Now.UTC().Format(time.DateOnly), FailOn: j.FailOn, WarnOnly: j.WarnOnly, Only: j.Only,
		Event: j.Event, Environment: j.mask(j.Environment), DefaultBranch: j.DefaultBranch,
	}
	for _, f := range j.Failures {
		run.Judged.Failures = append(run.Judged.Failures, j.mask(f))
	}
	for _, w := range j.Warnings {
		run.Judged.Warnings = append(run.Judged.Warnings, j.mask(w))
	}
}
