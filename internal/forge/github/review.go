package github

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/google/go-github/v60/github"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/forge/wire"
	"github.com/boltseal/boltseal/internal/report"
)

const (
	// maxComments is how many comments a review may have beside those that stand
	// already: more would bury the change.
	maxComments = 40
	// maxFile is how large a file may be to be compared with its diff.
	maxFile = 16 << 20
)

// wish is a comment that should stand on a line.
type wish struct {
	marker string
	span   span
	body   string
}

// findingMarker begins a comment on a line. It names the scanner, so that a later
// run knows whether it looked for the finding at all.
func findingMarker(gate string, f *report.Finding) string {
	return fmt.Sprintf("<!-- boltseal:finding:%s:%s:%s -->\n", key(gate), key(f.Scanner, f.Target), key(f.Fingerprint))
}

var findingMarkers = regexp.MustCompile(`^<!-- boltseal:finding:([0-9a-f]{20}):([0-9a-f]{20}):([0-9a-f]{20}) -->\n`)

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
	prefix := "<!-- boltseal:finding:" + key(p.gate) + ":"
	err := pages(func(opt github.ListOptions) (*github.Response, error) {
		some, resp, err := p.api.PullRequests.ListComments(ctx, p.owner, p.repo, p.target.Number, &github.PullRequestListCommentsOptions{ListOptions: opt})
		for _, c := range some {
			if to := c.GetInReplyTo(); to != 0 {
				answered[to] = true
				continue
			}
			marker := findingMarkers.FindString(stored(c.GetBody()) + "\n")
			if p.isSelf(c.User) && strings.HasPrefix(marker, prefix) {
				mine[marker] = append(mine[marker], c)
			}
		}
		return resp, err
	})
	for _, same := range mine { // the oldest first
		slices.SortFunc(same, func(a, b *github.PullRequestComment) int { return cmp.Compare(a.GetID(), b.GetID()) })
	}
	return mine, answered, wire.Doing("reading the review comments", err)
}

// wishes are the comments that the run asks for, as far as the diff shows their
// lines. Where the checkout has another text on a line than the diff, as a merge
// commit may, the line is another one.
func (p *Publisher) wishes(ctx context.Context, wanted []*report.Finding) ([]wish, error) {
	diffs, err := p.diffs(ctx, wanted)
	if err != nil {
		return nil, err
	}
	var wishes []wish
	taken := make(map[string]bool)
	for _, f := range wanted {
		marker := findingMarker(p.gate, f)
		path, _, _, onLine := f.Lines()
		s, ok := spanOf(f, diffs[path])
		if !onLine || !ok || taken[marker] {
			continue
		}
		taken[marker] = true
		wishes = append(wishes, wish{marker, s, marker + report.FindingMarkdown(f, p.report) + p.suggestion(f, s)})
	}
	return wishes, nil
}

// diffs reads the lines of the diff, of the files that findings are in.
func (p *Publisher) diffs(ctx context.Context, wanted []*report.Finding) (map[string]map[int]diffLine, error) {
	asked := make(map[string]bool)
	for _, f := range wanted {
		if path, _, _, ok := f.Lines(); ok {
			asked[path] = true
		}
	}
	diffs := make(map[string]map[int]diffLine)
	if len(asked) == 0 {
		return diffs, nil
	}
	err := pages(func(opt github.ListOptions) (*github.Response, error) {
		files, resp, err := p.api.PullRequests.ListFiles(ctx, p.owner, p.repo, p.target.Number, &opt)
		for _, f := range files {
			if asked[f.GetFilename()] {
				diffs[f.GetFilename()] = p.same(f.GetFilename(), patchLines(f.GetPatch()))
			}
		}
		return resp, err
	})
	return diffs, wire.Doing("reading the files of the pull request", err)
}

// same leaves the lines that the checkout has as well, at the same number.
func (p *Publisher) same(path string, diff map[int]diffLine) map[int]diffLine {
	if p.target.Commit == p.target.Head {
		return diff
	}
	var lines []string
	if p.read != nil {
		if text, err := p.read(path, maxFile); err == nil {
			lines = strings.Split(string(text), "\n")
		}
	}
	for n, l := range diff {
		if n < 1 || n > len(lines) || lines[n-1] != l.text {
			delete(diff, n)
		}
	}
	return diff
}

// postReview posts what does not stand yet, in one review, and says whether there was
// anything to post.
func (p *Publisher) postReview(ctx context.Context, run *report.Run, wishes []wish, standing map[string][]*github.PullRequestComment) (bool, error) {
	missing := func(standing map[string][]*github.PullRequestComment) []*github.DraftReviewComment {
		var drafts []*github.DraftReviewComment
		for _, w := range wishes {
			if len(standing[w.marker]) == 0 && len(drafts) < maxComments {
				drafts = append(drafts, w.draft())
			}
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

func (w wish) draft() *github.DraftReviewComment {
	side := "RIGHT"
	d := &github.DraftReviewComment{Path: &w.span.path, Body: &w.body, Side: &side, Line: &w.span.end}
	if w.span.start < w.span.end {
		d.StartSide, d.StartLine = &side, &w.span.start
	}
	return d
}

// tidy resolves the comments of findings that are gone, takes up again those that
// came back, and takes away second comments. A finding is gone only if its scanner
// looked for it and ended well.
func (p *Publisher) tidy(ctx context.Context, run *report.Run, standing map[string][]*github.PullRequestComment, answered map[int64]bool) error {
	present, looked := p.present(run), p.looked(run)
	var gone, back []*github.PullRequestComment
	var errs []error
	for _, marker := range sortedMarkers(standing) {
		all := standing[marker]
		for _, c := range all[1:] { // two jobs at once
			if !answered[c.GetID()] {
				errs = append(errs, p.deleteReviewComment(ctx, c))
			}
		}
		if present[marker] {
			back = append(back, all[0])
		} else if looked[findingMarkers.FindStringSubmatch(marker)[2]] {
			gone = append(gone, all[0])
		}
	}
	if len(gone)+len(back) > 0 {
		errs = append(errs, p.resolve(ctx, gone, back, answered))
	}
	return errors.Join(errs...)
}

func sortedMarkers(standing map[string][]*github.PullRequestComment) []string {
	var markers []string
	for m := range standing {
		markers = append(markers, m)
	}
	slices.Sort(markers)
	return markers
}

// present are the markers of what the run still asks attention for, on whatever
// line.
func (p *Publisher) present(run *report.Run) map[string]bool {
	present := make(map[string]bool)
	for _, f := range report.Attention(run) {
		present[findingMarker(p.gate, f)] = true
	}
	return present
}

// looked are the scanners and targets, as markers name them, that were scanned to
// the end; none where a part of the run is missing.
func (p *Publisher) looked(run *report.Run) map[string]bool {
	looked := make(map[string]bool)
	if len(report.Missing(run)) > 0 {
		return looked
	}
	for _, s := range run.Scans {
		k := key(s.Scanner, s.Target)
		well := s.Status == finding.StatusOK || s.Status == finding.StatusNothing
		before, known := looked[k]
		looked[k] = well && (before || !known)
	}
	return looked
}

func (p *Publisher) deleteReviewComment(ctx context.Context, c *github.PullRequestComment) error {
	_, err := p.api.PullRequests.DeleteComment(ctx, p.owner, p.repo, c.GetID())
	if wire.KindOf(err) == wire.Missing {
		return nil
	}
	return wire.Doing("deleting a review comment", err)
}
