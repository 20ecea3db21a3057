package github

import (
	"context"

	"github.com/google/go-github/v60/github"

	"github.com/boltseal/boltseal/internal/forge/change"
	"github.com/boltseal/boltseal/internal/forge/wire"
	"github.com/boltseal/boltseal/internal/report"
)

// maxPages is how many pages of 100 are read of anything.
const maxPages = 100

// comment makes the gate's one comment say what the run says.
func (p *Publisher) comment(ctx context.Context, run *report.Run) error {
	return change.Sticky{Page: conversation{p}, Wire: p.wire, Gate: p.gate, Report: p.report}.Show(ctx, run)
}

// conversation is the pull request's; it implements change.Page.
type conversation struct{ *Publisher }

// Comments implements change.Page.
func (c conversation) Comments(ctx context.Context) ([]change.Comment, error) {
	var mine []change.Comment
	err := pages(func(opt github.ListOptions) ([]*github.IssueComment, *github.Response, error) {
		return c.api.Issues.ListComments(ctx, c.owner, c.repo, c.target.Number, &github.IssueListCommentsOptions{ListOptions: opt})
	}, func(one *github.IssueComment) {
		if c.isSelf(one.User) {
			mine = append(mine, change.Comment{ID: one.GetID(), Body: one.GetBody()})
		}
	})
	return mine, err
}

// Post implements change.Page.
func (c conversation) Post(ctx context.Context, body string) error {
	made, _, err := c.api.Issues.CreateComment(ctx, c.owner, c.repo, c.target.Number, &github.IssueComment{Body: &body})
	if err == nil && made.GetID() == 0 {
		return &wire.Fault{Kind: wire.Broken, Message: "the answer has no id"}
	}
	if err == nil && made.User.GetLogin() != "" {
		c.self = made.User.GetLogin() // who else could we be
	}
	return err
}

// Edit implements change.Page.
func (c conversation) Edit(ctx context.Context, id int64, body string) error {
	_, _, err := c.api.Issues.EditComment(ctx, c.owner, c.repo, id, &github.IssueComment{Body: &body})
	return err
}

// Delete implements change.Page.
func (c conversation) Delete(ctx context.Context, id int64) error {
	_, err := c.api.Issues.DeleteComment(ctx, c.owner, c.repo, id)
	return err
}
