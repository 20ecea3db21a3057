package cli

import (
	"cmp"
	"context"
	"log/slog"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/boltseal/boltseal/internal/ci"
	"github.com/boltseal/boltseal/internal/gate"
	"github.com/boltseal/boltseal/internal/inventory"
	"github.com/boltseal/boltseal/internal/policy"
	"github.com/boltseal/boltseal/internal/report"
	"github.com/boltseal/boltseal/internal/scan"
)

// follow has the anchor hold on to an author's commit as well, which is fetched: its
// tree and its commits can then be looked at. Without it the anchor is as it was.
func (j *jobAnchor) follow(ctx context.Context, head string) error {
	before := *j.anchor
	_, err := j.commit(ctx, head)
	if err == nil {
		j.head = head
		err = j.sinceTarget(ctx, j.job.Target)
	}
	if err == nil {
		err = j.mark(ctx, ".")
	}
	if err != nil {
		// What was fetched stays.
		j.head, j.since, j.from, j.allNew, j.unmarked = before.head, before.since, before.from, before.allNew, before.unmarked
		return err
	}
	j.fetched, j.change = true, true
	return nil
}

// jobOptions are what the variables of a publishing job say of a scan: those of a workflow
// of the default branch.
func jobOptions(sys System) (scanOptions, error) {
	var o scanOptions
	cmd := &cobra.Command{}
	o.register(cmd)
	err := fromEnv(cmd, sys.Getenv)
	o.inJob, o.inChange, o.event = true, true, policy.Change
	return o, err
}

// again looks itself at what somebody else's run is about, as far as it can be looked at
// here: the change's tree and commits, from git's objects, and by today's advisories the
// packages that the run lists of everything else. It gives what it took the lists of.
func (o scanOptions) again(ctx context.Context, sys System, told *report.Run) (*prepared, *report.Run, []string, error) {
	a := o.anchors.job
	if err := a.holds(ctx, "."); err != nil {
		return nil, nil, nil, err
	}
	log := slog.New(slog.DiscardHandler)
	p, err := o.prepare(ctx, sys, log, []string{"dir:."})
	if err != nil {
		return nil, nil, nil, err
	}
	if p.notices, err = a.changedFiles(ctx, p.targets[0].name(), p.policies); err != nil {
		return nil, nil, nil, err
	}
	var listed []string
	p.listed = toldLists(told)
	for _, l := range p.listed {
		listed = append(listed, p.judging.Mask(l.Target().Name))
	}
	return p, p.run(ctx, sys, log), listed, nil
}

// maxLists bounds the lists of packages that are matched; what is beyond them is hearsay.
const maxLists = 1000

// toldLists are the lists of packages that a run holds of what is no tree.
func toldLists(told *report.Run) []scan.Source {
	packages := make(map[string][]inventory.Package)
	for _, p := range told.Packages {
		p.Origin = "" // who brought it nobody can tell
		packages[p.Target] = append(packages[p.Target], p)
	}
	images := make(map[string]string)
	for _, f := range told.Findings {
		images[f.Target] = cmp.Or(images[f.Target], f.Location.Image)
	}
	platforms := make(map[string]string) // the one of each target; empty where there are several
	for _, s := range told.Scans {
		if before, ok := platforms[s.Target]; ok && before != s.Platform {
			platforms[s.Target] = ""
		} else {
			platforms[s.Target] = s.Platform
		}
	}
	var lists []scan.Source
	for _, s := range told.Scans {
		list := packages[s.Target]
		if len(lists) == maxLists {
			break
		}
		if strings.HasPrefix(s.Target, "dir:") || strings.HasPrefix(s.Target, "git:") || len(list) == 0 {
			continue
		}
		delete(packages, s.Target) // once
		lists = append(lists, listedImage{scan.Target{
			Kind: scan.KindSBOM, Name: s.Target, Listed: &scan.Listed{Packages: list},
			Image: &scan.Image{Name: cmp.Or(images[s.Target], s.Target), Platform: platforms[s.Target]},
		}})
	}
	return lists
}

// believed judges what somebody else says of a change: what can be looked at here is
// looked at, and the rest is his word. Where the change cannot be looked at there is no
// verdict.
func (o storedOptions) believed(ctx context.Context, sys System, told *report.Run, branch, head string) (*report.Run, report.Options, error) {
	var none report.Options
	catalogue, err := gate.Catalogue()
	if err != nil {
		return nil, none, err
	}
	trusted, err := trustedFor(ctx, sys, branch)
	if err != nil {
		return nil, none, err
	}
	defer trusted.close() //nolint:errcheck // a temporary folder
	job := o.scan
	job.anchors = &anchors{job: trusted.anchor}
	// What judges hearsay is read while nothing of the change is known.
	policies, mask, err := job.hearsayPolicies(ctx, sys)
	if err != nil {
		return nil, none, err
	}
	judging := gate.Judging{Now: sys.now(), Event: policy.Change, Environment: job.environment, Mask: mask}
	opt := report.Options{Catalogue: catalogue}
	var p *prepared
	var own *report.Run
	var listed []string
	judging.FailOn, err = job.blocking()
	if err == nil {
		err = trusted.follow(ctx, head)
	}
	if err == nil {
		p, own, listed, err = job.again(ctx, sys, told)
	}
	if err != nil {
		// The change itself can have caused it, and its author's word is no verdict: a rule
		// that requires the check takes "neutral" for good.
		failure := "the change was not scanned: " + strings.Join(strings.Fields(err.Error()), " ")
		sys.warn("%s", mask(report.Plain(failure)))
		judging.Failures = []string{failure}
		judging.Policies = policies.bind([][]string{toldNames(told, mask, nil)})
		return gate.Hearsay(told, Version, catalogue, judging), opt, nil
	}
	ours := make(map[string]bool)
	for _, s := range own.Scans {
		ours[s.Target] = true
	}
	judging.Policies = policies.bind([][]string{toldNames(told, mask, ours)})
	heard := gate.Hearsay(told, Version, catalogue, judging)
	judging.Policies = besides(p.bound, judging.Policies)
	judging.Failures, judging.Warnings = own.Judged.Failures, own.Judged.Warnings
	gate.Beside(own, heard, listed, judging)
	opt.Again = true
	return own, opt, nil
}

// besides gives policies with others, but for those of the others that judge all of it
// among the first.
func besides(policies, others []*policy.Policy) []*policy.Policy {
	all := slices.Clone(policies)
	for _, o := range others {
		same := func(p *policy.Policy) bool {
			return len(p.Targets) == 0 && p.Path == o.Path && p.Ref == o.Ref && p.Digest == o.Digest
		}
		if !slices.ContainsFunc(policies, same) {
			all = append(all, o)
		}
	}
	return all
}

// toldNames are the targets that a run names, without those that others judge.
func toldNames(told *report.Run, mask func(string) string, without map[string]bool) []string {
	var names []string
	for _, s := range told.Scans {
		names = append(names, mask(s.Target))
	}
	for _, f := range told.Findings {
		names = append(names, mask(f.Target))
	}
	slices.Sort(names)
	names = slices.Compact(names)
	return slices.DeleteFunc(names, func(n string) bool { return without[n] })
}

// changeOf is the job of a change to a branch.
func changeOf(job ci.Context, branch string) ci.Context {
	job.Event, job.Target, job.Branch = ci.Pull, branch, ""
	return job
}
