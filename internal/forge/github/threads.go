package github

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/google/go-github/v60/github"

	"github.com/boltseal/boltseal/internal/forge/wire"
)

// thread is a conversation on a line.
type thread struct {
	id       string
	resolved bool
	// ours says that we resolved it: what a person resolved stays so.
	ours bool
}

const threadsQuery = `query($owner: String!, $repo: String!, $number: Int!, $after: String) {
  viewer { login }
  repository(owner: $owner, name: $repo) {
    pullRequest(number: $number) {
      reviewThreads(first: 100, after: $after) {
        pageInfo { hasNextPage endCursor }
        nodes { id isResolved resolvedBy { login } comments(first: 1) { nodes { databaseId } } }
      }
    }
  }
}`

// threadPage is what threadsQuery asks for.
type threadPage struct {
	Viewer struct {
		Login string `json:"login"`
	} `json:"viewer"`
	Repository struct {
		PullRequest struct {
			ReviewThreads struct {
				PageInfo struct {
					HasNextPage bool   `json:"hasNextPage"`
					EndCursor   string `json:"endCursor"`
				} `json:"pageInfo"`
				Nodes []struct {
					ID         string `json:"id"`
					IsResolved bool   `json:"isResolved"`
					ResolvedBy struct {
						Login string `json:"login"`
					} `json:"resolvedBy"`
					Comments struct {
						Nodes []struct {
							DatabaseID int64 `json:"databaseId"`
						} `json:"nodes"`
					} `json:"comments"`
				} `json:"nodes"`
			} `json:"reviewThreads"`
		} `json:"pullRequest"`
	} `json:"repository"`
}

// threads are the pull request's, by their first comment.
func (p *Publisher) threads(ctx context.Context) (map[int64]thread, error) {
	threads := make(map[int64]thread)
	var after *string
	for range maxPages {
		var page threadPage
		if err := p.query(ctx, threadsQuery, map[string]any{"owner": p.owner, "repo": p.repo, "number": p.target.Number, "after": after}, &page); err != nil {
			return nil, wire.Doing("reading the review threads", err)
		}
		list := page.Repository.PullRequest.ReviewThreads
		for _, n := range list.Nodes {
			if len(n.Comments.Nodes) > 0 {
				by := github.User{Login: &n.ResolvedBy.Login, Type: new("Bot")}
				threads[n.Comments.Nodes[0].DatabaseID] = thread{n.ID, n.IsResolved, p.isSelf(&by)}
			}
		}
		if !list.PageInfo.HasNextPage {
			return threads, nil
		}
		after = &list.PageInfo.EndCursor
	}
	return nil, errors.New("reading the review threads: there are too many")
}

// resolve resolves the threads of comments whose findings are gone, and takes up
// again those that came back.
func (p *Publisher) resolve(ctx context.Context, gone, back []*github.PullRequestComment, answered map[int64]bool) error {
	threads, err := p.threads(ctx)
	if err != nil && !withheld(err) {
		return err
	}
	var errs []error
	for _, c := range gone {
		if t := threads[c.GetID()]; !t.resolved {
			errs = append(errs, p.mended(ctx, c, t, answered[c.GetID()]))
		}
	}
	for _, c := range back {
		if t := threads[c.GetID()]; t.resolved && t.ours {
			errs = append(errs, wire.Doing("taking up a review thread again", p.turn(ctx, "unresolveReviewThread", t.id)))
		}
	}
	return errors.Join(errs...)
}

// withheld says whether GraphQL does not do this for us, now or later.
func withheld(err error) bool {
	return slices.Contains([]wire.Kind{wire.Denied, wire.Missing, wire.Invalid}, wire.KindOf(err))
}

// mended resolves the thread of a comment whose finding is gone. Where the token may
// not, as most that may not write contents, the comment is deleted, unless somebody
// answered to it: nobody else's words are taken away.
func (p *Publisher) mended(ctx context.Context, c *github.PullRequestComment, t thread, answered bool) error {
	if t.id != "" {
		if err := p.turn(ctx, "resolveReviewThread", t.id); !withheld(err) {
			return wire.Doing("resolving a review thread", err)
		}
	}
	if answered {
		return fmt.Errorf("resolving the thread of comment %d: the token may not, and it was answered to", c.GetID())
	}
	p.note(fmt.Sprintf("review comment %d was deleted, as the token may not resolve its thread", c.GetID()))
	return p.deleteReviewComment(ctx, c)
}

// turn resolves a thread, or the other way round.
func (p *Publisher) turn(ctx context.Context, mutation, id string) error {
	text := fmt.Sprintf("mutation($id: ID!) { %s(input: {threadId: $id}) { thread { isResolved } } }", mutation)
	var out map[string]any
	return p.query(ctx, text, map[string]any{"id": id}, &out)
}
