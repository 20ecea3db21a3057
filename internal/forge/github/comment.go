package github

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"
	"strings"

	"github.com/google/go-github/v60/github"

	"github.com/boltseal/boltseal/internal/forge/wire"
	"github.com/boltseal/boltseal/internal/report"
)

const (
	// maxPages is how many pages of 100 are read of anything.
	maxPages = 100
	// maxRounds is how often a comment that somebody else takes away is made anew.
	maxRounds = 3
)

// budgets are the sizes of a comment that are tried, the largest first. GitHub takes
// 65,536 (https://docs.github.com/rest/issues/comments says of no limit).
var budgets = []int{60_000, 30_000, 8_000}

// key is a name as it stands in a marker: nothing that anybody writes can end it.
func key(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return hex.EncodeToString(sum[:10])
}

// commentMarker begins the comment of a gate.
func commentMarker(gate string) string { return "<!-- boltseal:gate:" + key(gate) + " -->\n" }

// stored is a text as GitHub gives it back.
func stored(s string) string { return strings.TrimSpace(strings.ReplaceAll(s, "\r\n", "\n")) }

// marked says whether a body begins with a marker. One that stands further down may
// be anybody's text.
func marked(body, marker string) bool {
	return strings.HasPrefix(stored(body)+"\n", marker)
}

// comments are ours with the marker, the oldest first.
func (p *Publisher) comments(ctx context.Context) ([]*github.IssueComment, error) {
	var mine []*github.IssueComment
	marker := commentMarker(p.gate)
	err := pages(func(opt github.ListOptions) (*github.Response, error) {
		some, resp, err := p.api.Issues.ListComments(ctx, p.owner, p.repo, p.target.Number, &github.IssueListCommentsOptions{ListOptions: opt})
		for _, c := range some {
			if p.isSelf(c.User) && marked(c.GetBody(), marker) {
				mine = append(mine, c)
			}
		}
		return resp, err
	})
	slices.SortFunc(mine, func(a, b *github.IssueComment) int { return cmp.Compare(a.GetID(), b.GetID()) })
	return mine, wire.Doing("reading the comments", err)
}

// comment makes the gate's one comment say what the run says.
func (p *Publisher) comment(ctx context.Context, run *report.Run) error {
	var err error
	for _, budget := range budgets {
		var b bytes.Buffer
		opt := p.report
		opt.MaxBytes = budget
		if err := report.Write(&b, "markdown", run, opt); err != nil {
			return wire.Doing("writing the comment", err)
		}
		err = p.upsert(ctx, commentMarker(p.gate)+b.String(), report.WorthSaying(run))
		// GitHub says in more than one way that a text is too long.
		if k := wire.KindOf(err); k != wire.TooLarge && k != wire.Invalid {
			return err
		}
	}
	return err
}

// upsert makes body the text of the one comment. A comment that is not there is made
// only where it is worth it.
func (p *Publisher) upsert(ctx context.Context, body string, worth bool) error {
	var err error
	for range maxRounds {
		var mine []*github.IssueComment
		if mine, err = p.comments(ctx); err != nil {
			return err
		}
		if len(mine) == 0 {
			if !worth {
				return nil
			}
			if mine, err = p.post(ctx, body); err != nil {
				return err
			}
		}
		if err = p.settle(ctx, mine, body); wire.KindOf(err) != wire.Missing {
			return err
		}
	}
	return err
}

// post makes a comment, and gives all that there are then: another job may have
// made one at the same time.
func (p *Publisher) post(ctx context.Context, body string) ([]*github.IssueComment, error) {
	err := p.wire.Once(ctx, func() error {
		c, _, err := p.api.Issues.CreateComment(ctx, p.owner, p.repo, p.target.Number, &github.IssueComment{Body: &body})
		if err == nil && c.GetID() == 0 {
			return &wire.Fault{Kind: wire.Broken, Message: "the answer has no id"}
		}
		if err == nil && c.User.GetLogin() != "" {
			p.self = c.User.GetLogin() // who else could we be
		}
		return err
	}, func() (bool, error) {
		mine, err := p.comments(ctx)
		return len(mine) > 0, err
	})
	if err != nil {
		return nil, wire.Doing("posting the comment", err)
	}
	return p.comments(ctx)
}

// settle leaves the oldest comment, with body as its text.
func (p *Publisher) settle(ctx context.Context, mine []*github.IssueComment, body string) error {
	if len(mine) == 0 {
		return nil // just posted, and not listed yet
	}
	var errs []error
	for _, c := range mine[1:] {
		_, err := p.api.Issues.DeleteComment(ctx, p.owner, p.repo, c.GetID())
		if wire.KindOf(err) != wire.Missing { // the other job did
			errs = append(errs, wire.Doing("deleting a second comment", err))
		}
	}
	if stored(mine[0].GetBody()) != stored(body) {
		_, _, err := p.api.Issues.EditComment(ctx, p.owner, p.repo, mine[0].GetID(), &github.IssueComment{Body: &body})
		if err != nil {
			return wire.Doing("updating the comment", err)
		}
	}
	return errors.Join(errs...)
}
