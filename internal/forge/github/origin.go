package github

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/google/go-github/v60/github"

	"github.com/boltseal/boltseal/internal/forge/wire"
	"github.com/boltseal/boltseal/internal/report"
)

// Origin is where a workflow ran that this job follows (workflow_run). GitHub says
// so itself; nothing of it is from the run's artifacts.
type Origin struct {
	// Owner and Repo are those of this job, HeadOwner and HeadRepo those of the
	// commit that was under test.
	Owner, Repo         string
	HeadOwner, HeadRepo string
	Branch, SHA         string
	// Workflow is the name of the workflow that ran.
	Workflow string
}

// Fork says whether the commit came from another repository.
func (o Origin) Fork() bool {
	return !strings.EqualFold(o.Owner+"/"+o.Repo, o.HeadOwner+"/"+o.HeadRepo)
}

// maxPulls is more than one commit is proposed for.
const maxPulls = 20

// ErrNoPull says that a workflow's run was about no pull request.
var ErrNoPull = errors.New("the workflow did not run for a pull request")

// ReadOrigin reads the event of a workflow_run.
func ReadOrigin(getenv func(string) string, data []byte) (Origin, error) {
	var o Origin
	if name := getenv("GITHUB_EVENT_NAME"); name != "workflow_run" {
		return o, fmt.Errorf("publish runs in a job that workflow_run starts, and this one was started by %q", name)
	}
	var e struct {
		WorkflowRun struct {
			Name           string
			Event          string
			HeadBranch     string `json:"head_branch"`
			HeadSHA        string `json:"head_sha"`
			HeadRepository struct {
				FullName string `json:"full_name"`
			} `json:"head_repository"`
		} `json:"workflow_run"`
	}
	if err := json.Unmarshal(data, &e); err != nil {
		return o, fmt.Errorf("reading the event: %w", err)
	}
	run := e.WorkflowRun
	var ok, headOK bool
	o.Owner, o.Repo, ok = strings.Cut(getenv("GITHUB_REPOSITORY"), "/")
	o.HeadOwner, o.HeadRepo, headOK = strings.Cut(run.HeadRepository.FullName, "/")
	o.Branch, o.SHA, o.Workflow = run.HeadBranch, run.HeadSHA, run.Name
	switch {
	case run.Event != "pull_request":
		return o, ErrNoPull
	case !ok || !headOK || !isName(o.Owner) || !isName(o.Repo) || !isName(o.HeadOwner) || !isName(o.HeadRepo) || o.Branch == "" || !report.IsCommit(o.SHA):
		return o, errors.New("reading the event: it names no repository, branch and commit")
	}
	return o, nil
}

// Pulls finds the open pull requests of an origin: those from its repository and
// branch whose last commit is the one that was scanned. A run's own list of them is
// empty for forks. options are those of a publisher without a target.
func Pulls(ctx context.Context, options Options, origin Origin) ([]Target, error) {
	c, err := newClient(options.API, options.Token, options.HTTP, options.Clock)
	if err != nil {
		return nil, err
	}
	if err := c.open(ctx, origin.Owner, origin.Repo); err != nil {
		return nil, err
	}
	var targets []Target
	err = pages(func(opt github.ListOptions) ([]*github.PullRequest, *github.Response, error) {
		return c.api.PullRequests.List(ctx, c.owner, c.repo, &github.PullRequestListOptions{
			State: "open", Head: origin.HeadOwner + ":" + origin.Branch, ListOptions: opt,
		})
	}, func(p *github.PullRequest) {
		// The filter is GitHub's; that it worked is checked here.
		head := p.GetHead()
		if head.GetSHA() == origin.SHA && head.GetRef() == origin.Branch && strings.EqualFold(head.GetRepo().GetFullName(), origin.HeadOwner+"/"+origin.HeadRepo) {
			targets = append(targets, Target{
				Owner: c.owner, Repo: c.repo, Number: p.GetNumber(), Head: origin.SHA, Base: p.GetBase().GetRef(),
				Commit: origin.SHA, Ref: fmt.Sprintf("refs/pull/%d/head", p.GetNumber()),
			})
		}
	})
	if err != nil {
		return nil, wire.Doing("looking for the pull request", err)
	}
	if len(targets) > maxPulls {
		return nil, fmt.Errorf("looking for the pull request: there are %d of that commit", len(targets))
	}
	return targets, nil
}
