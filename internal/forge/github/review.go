package github

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/google/go-github/v60/github"

	"github.com/boltseal/boltseal/internal/forge/change"
	"github.com/boltseal/boltseal/internal/forge/wire"
	"github.com/boltseal/boltseal/internal/report"
)

// review makes the comments on lines those that the run asks for: what is missing is
// posted as one review, what stands stays, and what is mended is resolved.
func (p *Publisher) review(ctx context.Context, run *report.Run) error {
	standing, others, err := p.reviewComments(ctx)
	if err != nil {
		return err
	}
	wanted := report.Attention(run)
	if len(wanted) == 0 && len(standing) == 0 {
		return nil
	}
	wishes, err := p.wishes(ctx, wanted)
	if err != nil {
		return err
	}
	posted, err := p.postReview(ctx, run, wishes, standing)
	if posted {
		// Another job may have posted the same at the same time.
		now, answered, listErr := p.reviewComments(ctx)
		if listErr != nil {
			return errors.Join(err, listErr)
		}
		standing, others = now, answered
	}
	return errors.Join(err, p.tidy(ctx, run, standing, others))
}

// reviewComments are our comments on lines, by marker, and the ids of those that
// somebody answered to.
func (p *Publisher) reviewComments(ctx context.Context) (map[string][]*github.PullRequestComment, map[int64]bool, error) {
	mine := make(map[string][]*github.PullRequestComment)
	answered := make(map[int64]bool)
	err := pages(func(opt github.ListOptions) ([]*github.PullRequestComment, *github.Response, error) {
		return p.api.PullRequests.ListComments(ctx, p.owner, p.repo, p.target.Number, &github.PullRequestListCommentsOptions{ListOptions: opt})
	}, func(c *github.PullRequestComment) {
		if to := c.GetInReplyTo(); to != 0 {
			answered[to] = true
			return
		}
		if marker := change.MarkerOf(p.gate, c.GetBody()); marker != "" && p.isSelf(c.User) {
			mine[marker] = append(mine[marker], c)
		}
	})
	for _, same := range mine { // the oldest first
		slices.SortFunc(same, func(a, b *github.PullRequestComment) int { return cmp.Compare(a.GetID(), b.GetID()) })
	}
	return mine, answered, wire.Doing("reading the review comments", err)
}

// wishes are the comments that the run asks for, as far as the diff shows their lines.
func (p *Publisher) wishes(ctx context.Context, wanted []*report.Finding) ([]change.Wish, error) {
	diffs, err := p.diffs(ctx, wanted)
	if err != nil {
		return nil, err
	}
	lines := change.Lines{
		Gate: p.gate, Report: p.report, Mask: p.mask, Read: p.read, Exact: p.target.Commit == p.target.Head,
		Suggestion: func(int) string { return "suggestion" },
	}
	return lines.Wishes(wanted, diffs), nil
}

// diffs reads the lines of the diff, of the files that findings are in.
func (p *Publisher) diffs(ctx context.Context, wanted []*report.Finding) (map[string]change.Diff, error) {
	asked := change.Files(wanted)
	diffs := make(map[string]change.Diff)
	if len(asked) == 0 {
		return diffs, nil
	}
	err := pages(func(opt github.ListOptions) ([]*github.CommitFile, *github.Response, error) {
		return p.api.PullRequests.ListFiles(ctx, p.owner, p.repo, p.target.Number, &opt)
	}, func(f *github.CommitFile) {
		if asked[f.GetFilename()] {
			diffs[f.GetFilename()] = change.PatchLines(f.GetPatch())
		}
	})
	return diffs, wire.Doing("reading the files of the pull request", err)
}

// postReview posts what does not stand yet, in one review, and says whether there was
// anything to post.
func (p *Publisher) postReview(ctx context.Context, run *report.Run, wishes []change.Wish, standing map[string][]*github.PullRequestComment) (bool, error) {
	missing := func(standing map[string][]*github.PullRequestComment) []*github.DraftReviewComment {
		var drafts []*github.DraftReviewComment
		for _, w := range change.Missing(wishes, standing) {
			drafts = append(drafts, draft(w))
		}
		return drafts
	}
	drafts := missing(standing)
	if len(drafts) == 0 {
		return false, nil
	}
	err := p.wire.Once(ctx, func() error {
		r, _, err := p.api.PullRequests.CreateReview(ctx, p.owner, p.repo, p.target.Number, &github.PullRequestReviewRequest{
			CommitID: &p.target.Head, Event: new("COMMENT"), Comments: drafts,
			Body: new(report.Headline(run, p.report)),
		})
		if err == nil && r.GetID() == 0 {
			return &wire.Fault{Kind: wire.Broken, Message: "the answer has no id"}
		}
		return err
	}, func() (bool, error) {
		now, _, err := p.reviewComments(ctx)
		drafts = missing(now)
		return err == nil && len(drafts) == 0, err
	})
	return true, wire.Doing("posting the review", err)
}

func draft(w change.Wish) *github.DraftReviewComment {
	side := "RIGHT"
	d := &github.DraftReviewComment{Path: &w.Span.Path, Body: &w.Body, Side: &side, Line: &w.Span.End}
	if w.Span.Start < w.Span.End {
		d.StartSide, d.StartLine = &side, &w.Span.Start
	}
	return d
}

// tidy resolves the comments of findings that are gone, takes up again those that
// came back, and takes away second comments. A finding is gone only if its scanner
// looked for it and ended well.
func (p *Publisher) tidy(ctx context.Context, run *report.Run, standing map[string][]*github.PullRequestComment, answered map[int64]bool) error {
	fate := change.Fates(p.gate, run)
	var gone, back []*github.PullRequestComment
	var errs []error
	for _, marker := range slices.Sorted(maps.Keys(standing)) {
		all := standing[marker]
		for _, c := range all[1:] { // two jobs at once
			if !answered[c.GetID()] {
				errs = append(errs, p.deleteReviewComment(ctx, c))
			}
		}
		switch fate(marker) {
		case change.Present:
			back = append(back, all[0])
		case change.Gone:
			gone = append(gone, all[0])
		case change.Stays:
		}
	}
	if len(gone)+len(back) > 0 {
		errs = append(errs, p.resolve(ctx, gone, back, answered))
	}
	return errors.Join(errs...)
}

func (p *Publisher) deleteReviewComment(ctx context.Context, c *github.PullRequestComment) error {
	_, err := p.api.PullRequests.DeleteComment(ctx, p.owner, p.repo, c.GetID())
	if wire.KindOf(err) == wire.Missing {
		return nil
	}
	return wire.Doing("deleting a review comment", err)
}
