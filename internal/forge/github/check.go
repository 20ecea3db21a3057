package github

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"

	"github.com/google/go-github/v60/github"

	"github.com/boltseal/boltseal/internal/forge/change"
	"github.com/boltseal/boltseal/internal/forge/wire"
	"github.com/boltseal/boltseal/internal/policy"
	"github.com/boltseal/boltseal/internal/report"
)

const (
	// perRequest is how many annotations one request takes
	// (https://docs.github.com/rest/checks/runs#create-a-check-run).
	perRequest = 50
	// maxAnnotations is how many are shown: more than anybody reads.
	maxAnnotations = 500
	// maxTitle is less than the 255 characters that GitHub takes as a title.
	maxTitle = 200
)

// CheckName is the name of the check run. A fork's word has a name of its own: "neutral"
// is enough for a check that a rule requires.
func (p *Publisher) CheckName() string {
	prefix := "boltseal"
	if p.untrusted {
		prefix += " by the fork's word"
	}
	return change.Name(prefix, p.label, p.target.Base)
}

// conclusion is what a check says of a verdict. "neutral" would let a required check
// pass, so no verdict is none. What a fork says of itself makes no success, and neither
// does what had to be published and was not.
func (p *Publisher) conclusion(v policy.Verdict) string {
	switch c := change.Concludes(v); {
	case p.unpublished || c == change.Failure:
		return "failure"
	case p.untrusted || c == change.Waived:
		return "neutral"
	}
	return "success"
}

// check makes a check run, which ends with the verdict only when all is said: one
// that breaks off stays pending, which no rule takes for a success.
func (p *Publisher) check(ctx context.Context, run *report.Run) error {
	if p.target.Commit == "" {
		return errors.New("making the check run: " + p.target.Why)
	}
	var summary bytes.Buffer
	if err := report.Write(&summary, "markdown", run, p.report); err != nil {
		return wire.Doing("writing the check run", err)
	}
	title, text := report.Headline(run, p.report), summary.String()
	output := func(some []*github.CheckRunAnnotation) *github.CheckRunOutput {
		return &github.CheckRunOutput{Title: &title, Summary: &text, Annotations: some}
	}
	all := annotations(run)
	first, rest := all[:min(len(all), perRequest)], all[min(len(all), perRequest):]
	c := checkRun{p: p, options: github.UpdateCheckRunOptions{Name: p.CheckName()}, conclusion: p.conclusion(run.Verdict)}
	err := c.create(ctx, output(first), len(rest) == 0)
	if wire.KindOf(err) == wire.Invalid && len(first) > 0 {
		// An annotation may be what GitHub does not take: the verdict counts more.
		return errors.Join(c.create(ctx, output(nil), true), wire.Doing("annotating", err))
	}
	if err != nil {
		return wire.Doing("making the check run", err)
	}
	for sent := len(first); len(rest) > 0; {
		batch := rest[:min(len(rest), perRequest)]
		rest = rest[len(batch):]
		sent += len(batch)
		if err := c.update(ctx, output(batch), len(rest) == 0, sent); err != nil {
			return errors.Join(wire.Doing("annotating", err), wire.Doing("ending the check run", c.update(ctx, output(nil), true, 0)))
		}
	}
	return nil
}

// checkRun is a check run that is being made.
type checkRun struct {
	p          *Publisher
	id         int64
	options    github.UpdateCheckRunOptions
	conclusion string
}

func (c *checkRun) create(ctx context.Context, output *github.CheckRunOutput, last bool) error {
	// Nobody else's check is taken for ours, not that of the job's step before either.
	external := change.Key(c.p.gate) + ":" + c.p.job + ":" + rand.Text()
	opt := github.CreateCheckRunOptions{
		Name: c.options.Name, HeadSHA: c.p.target.Head, ExternalID: &external, Status: new("in_progress"), Output: output,
	}
	if last {
		opt.Status, opt.Conclusion = new("completed"), &c.conclusion
	}
	return c.p.wire.Once(ctx, func() error {
		made, _, err := c.p.api.Checks.CreateCheckRun(ctx, c.p.owner, c.p.repo, opt)
		if err == nil && made.GetID() == 0 {
			return &wire.Fault{Kind: wire.Broken, Message: "the answer has no id"}
		}
		c.id = made.GetID()
		return err
	}, func() (bool, error) {
		list, _, err := c.p.api.Checks.ListCheckRunsForRef(ctx, c.p.owner, c.p.repo, c.p.target.Head, &github.ListCheckRunsOptions{
			CheckName: &c.options.Name, ListOptions: github.ListOptions{PerPage: 100},
		})
		if err != nil || list == nil { // the answer was null
			return false, err
		}
		for _, there := range list.CheckRuns {
			if there.GetExternalID() == external {
				c.id = there.GetID()
				return true, nil
			}
		}
		return false, nil
	})
}

// update adds annotations, after which there are so many of them, or only ends the
// run. Adding them twice would show them twice.
func (c *checkRun) update(ctx context.Context, output *github.CheckRunOutput, last bool, sent int) error {
	opt := c.options
	opt.Output, opt.Status = output, new("in_progress")
	if last {
		opt.Status, opt.Conclusion = new("completed"), &c.conclusion
	}
	return c.p.wire.Once(ctx, func() error {
		_, _, err := c.p.api.Checks.UpdateCheckRun(wire.Repeatable(ctx, len(output.Annotations) == 0), c.p.owner, c.p.repo, c.id, opt)
		return err
	}, func() (bool, error) {
		there, _, err := c.p.api.Checks.GetCheckRun(ctx, c.p.owner, c.p.repo, c.id)
		if err != nil {
			return false, err
		}
		return there.GetOutput().GetAnnotationsCount() >= sent && (!last || there.GetStatus() == "completed"), nil
	})
}

// annotations are what the run says of lines of files, the most severe first; the
// last one says how many are left out.
func annotations(run *report.Run) []*github.CheckRunAnnotation {
	var all []*github.CheckRunAnnotation
	left := 0
	for _, f := range report.Attention(run) {
		if _, _, _, ok := f.Lines(); !ok && !f.InRepository() {
			continue
		}
		if len(all) == maxAnnotations {
			left++
			continue
		}
		all = append(all, annotation(f))
	}
	if left > 0 {
		last := all[len(all)-1]
		last.Message = new(last.GetMessage() + fmt.Sprintf("\n%d more are in the report", left))
	}
	return all
}

func annotation(f *report.Finding) *github.CheckRunAnnotation {
	level := "warning"
	if f.Decision.Action == policy.Block {
		level = "failure"
	}
	path, start, end, ok := f.Lines()
	if !ok {
		path, start, end = f.Location.Path, 1, 1
	}
	return &github.CheckRunAnnotation{
		Path: &path, StartLine: &start, EndLine: &end, AnnotationLevel: &level, Title: new(wire.Shortened(f.Title(), maxTitle)), Message: new(f.Explained()),
	}
}
