package gitlab

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/xanzy/go-gitlab"

	"github.com/boltseal/boltseal/internal/forge/change"
	"github.com/boltseal/boltseal/internal/forge/wire"
	"github.com/boltseal/boltseal/internal/report"
)

// discuss makes the discussions on lines those that the run asks for: what is missing is
// posted, what stands stays, and what is mended is resolved.
func (p *Publisher) discuss(ctx context.Context, run *report.Run) error {
	standing, err := p.standing(ctx)
	if err != nil {
		return err
	}
	wanted := report.Attention(run)
	if len(wanted) == 0 && len(standing) == 0 {
		return nil
	}
	files, err := p.files(ctx, change.Files(wanted))
	if err != nil {
		return err
	}
	missing := change.Missing(p.wishes(wanted, files), standing)
	if len(missing) > 0 {
		err = p.openAll(ctx, missing, files)
		// Another job may have posted the same at the same time.
		now, listErr := p.standing(ctx)
		if listErr != nil {
			return errors.Join(err, listErr)
		}
		standing = now
	}
	return errors.Join(err, p.tidy(ctx, run, standing))
}

// standing are our discussions on lines, by marker, the oldest first.
func (p *Publisher) standing(ctx context.Context) (map[string][]*gitlab.Discussion, error) {
	mine := make(map[string][]*gitlab.Discussion)
	err := pages(func(opt gitlab.ListOptions) ([]*gitlab.Discussion, *gitlab.Response, error) {
		return p.api.Discussions.ListMergeRequestDiscussions(p.project, p.target.Number, (*gitlab.ListMergeRequestDiscussionsOptions)(&opt), gitlab.WithContext(ctx))
	}, func(d *gitlab.Discussion) {
		for i, n := range d.Notes {
			if n == nil {
				d.Notes[i] = new(gitlab.Note) // nobody's, and an answer maybe
			}
		}
		if len(d.Notes) == 0 || d.Notes[0].Author.ID != p.self {
			return
		}
		if marker := change.MarkerOf(p.parts.Gate, d.Notes[0].Body); marker != "" {
			mine[marker] = append(mine[marker], d)
		}
	})
	for _, same := range mine {
		slices.SortFunc(same, func(a, b *gitlab.Discussion) int { return cmp.Compare(a.Notes[0].ID, b.Notes[0].ID) })
	}
	return mine, wire.Doing("reading the discussions", err)
}

// file is a file of the merge request.
type file struct {
	before string // its path on the old side
	diff   change.Diff
}

// files are those of the merge request that are asked for.
func (p *Publisher) files(ctx context.Context, asked map[string]bool) (map[string]file, error) {
	files := make(map[string]file)
	if len(asked) == 0 {
		return files, nil
	}
	err := pages(func(opt gitlab.ListOptions) ([]*gitlab.MergeRequestDiff, *gitlab.Response, error) {
		return p.api.MergeRequests.ListMergeRequestDiffs(p.project, p.target.Number, &gitlab.ListMergeRequestDiffsOptions{ListOptions: opt}, gitlab.WithContext(ctx))
	}, func(d *gitlab.MergeRequestDiff) {
		if asked[d.NewPath] {
			files[d.NewPath] = file{d.OldPath, change.PatchLines(d.Diff)}
		}
	})
	return files, wire.Doing("reading the files of the merge request", err)
}

func (p *Publisher) wishes(wanted []*report.Finding, files map[string]file) []change.Wish {
	diffs := make(map[string]change.Diff)
	for path, f := range files {
		diffs[path] = f.diff
	}
	lines := change.Lines{
		Gate: p.parts.Gate, Report: p.report, Mask: p.parts.Mask, Read: p.parts.Read, Exact: p.target.Commit == p.target.Head,
		// A discussion stands on the last of its lines.
		Suggestion: func(lines int) string { return fmt.Sprintf("suggestion:-%d+0", lines-1) },
		Offers:     offers,
	}
	return lines.Wishes(wanted, diffs)
}

// offers says whether a text may stand in a suggestion. GitLab finds where a block of code
// ends by its own rule, which fences in the text can mislead: a line behind one would be a
// quick action.
func offers(text string) bool {
	if strings.Contains(text, "```") || strings.Contains(text, "~~~") {
		return false
	}
	for line := range strings.Lines(text) {
		if isQuick(line) {
			return false
		}
	}
	return true
}

// openAll posts discussions. Lines that GitLab does not take are told: the note has them.
func (p *Publisher) openAll(ctx context.Context, wishes []change.Wish, files map[string]file) error {
	if p.merge.DiffRefs.HeadSha != p.target.Head {
		return errors.New("posting discussions: GitLab has not made the diff of the last commit yet")
	}
	refused := 0
	var why error
	for _, w := range wishes {
		err := p.open(ctx, w, files[w.Span.Path])
		switch {
		case wire.KindOf(err) == wire.Invalid:
			refused++
			why = cmp.Or(why, err)
		case err != nil:
			return wire.Doing("posting a discussion", err)
		}
	}
	if refused > 0 {
		p.notes = append(p.notes, fmt.Sprintf("GitLab takes no discussion on %d of the lines, whose findings are in the note: %v", refused, why))
	}
	return nil
}

func (p *Publisher) open(ctx context.Context, w change.Wish, f file) error {
	body, refs := unquick(w.Body), p.merge.DiffRefs
	opt := &gitlab.CreateMergeRequestDiscussionOptions{Body: &body, Position: &gitlab.PositionOptions{
		BaseSHA: &refs.BaseSha, StartSHA: &refs.StartSha, HeadSHA: &refs.HeadSha, PositionType: new("text"),
		NewPath: &w.Span.Path, OldPath: &f.before, NewLine: &w.Span.End,
	}}
	if w.Span.Last.Old > 0 { // a line that the change leaves is known by both its numbers
		opt.Position.OldLine = &w.Span.Last.Old
	}
	return p.wire.Once(ctx, func() error {
		d, _, err := p.api.Discussions.CreateMergeRequestDiscussion(p.project, p.target.Number, opt, gitlab.WithContext(ctx))
		if err == nil && d.ID == "" {
			return &wire.Fault{Kind: wire.Broken, Message: "the answer has no id"}
		}
		return err
	}, func() (bool, error) {
		now, err := p.standing(ctx)
		return len(now[w.Marker]) > 0, err
	})
}

// tidy resolves the discussions of findings that are gone, takes up again those that came
// back, and takes away second ones that nobody answered to.
func (p *Publisher) tidy(ctx context.Context, run *report.Run, standing map[string][]*gitlab.Discussion) error {
	fate := change.Fates(p.parts.Gate, run)
	var errs []error
	for _, marker := range slices.Sorted(maps.Keys(standing)) {
		all := standing[marker]
		for _, d := range all[1:] { // two jobs at once
			if len(d.Notes) == 1 {
				errs = append(errs, p.remove(ctx, d))
			}
		}
		first := all[0].Notes[0]
		switch fate(marker) {
		case change.Gone:
			if first.Resolvable && !first.Resolved {
				errs = append(errs, wire.Doing("resolving a discussion", p.turn(ctx, all[0], true)))
			}
		case change.Present:
			// What a person resolved stays so.
			if first.Resolved && first.ResolvedBy.ID == p.self {
				errs = append(errs, wire.Doing("taking up a discussion again", p.turn(ctx, all[0], false)))
			}
		case change.Stays:
		}
	}
	return errors.Join(errs...)
}

func (p *Publisher) remove(ctx context.Context, d *gitlab.Discussion) error {
	_, err := p.api.Discussions.DeleteMergeRequestDiscussionNote(p.project, p.target.Number, d.ID, d.Notes[0].ID, gitlab.WithContext(ctx))
	if wire.KindOf(err) == wire.Missing { // the other job did
		return nil
	}
	return wire.Doing("deleting a second discussion", err)
}

// turn resolves a discussion, or takes it up again.
func (p *Publisher) turn(ctx context.Context, d *gitlab.Discussion, resolved bool) error {
	_, _, err := p.api.Discussions.ResolveMergeRequestDiscussion(p.project, p.target.Number, d.ID, &gitlab.ResolveMergeRequestDiscussionOptions{Resolved: &resolved}, gitlab.WithContext(ctx))
	return err
}
