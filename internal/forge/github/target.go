package github

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/boltseal/boltseal/internal/report"
)

// Target is what a run is about on GitHub.
type Target struct {
	Owner, Repo string
	// Number is the pull request's, 0 where there is none.
	Number int
	// Head is the commit that a check is about: a pull request's own last commit, not
	// the merge commit that GitHub makes of it.
	Head string
	// Base is the branch that the change goes to, or that was pushed to; "" for a tag.
	Base string
	// Ref and Commit are what was scanned, as code scanning knows it; empty where
	// that is not known.
	Ref, Commit string
	// Why says why they are empty.
	Why string
}

// event is what is read of a webhook's event.
type event struct {
	PullRequest struct {
		Number int
		Head   struct{ SHA string }
		Base   struct{ Ref string }
	} `json:"pull_request"`
	MergeGroup struct {
		BaseRef string `json:"base_ref"`
	} `json:"merge_group"`
}

// ReadTarget reads the runner's variables and event. scanned is the commit that is
// checked out, "" where nobody knows.
func ReadTarget(getenv func(string) string, data []byte, scanned string) (Target, error) {
	var t Target
	owner, repo, ok := strings.Cut(getenv("GITHUB_REPOSITORY"), "/")
	if !ok || !isName(owner) || !isName(repo) {
		return t, fmt.Errorf("reading GITHUB_REPOSITORY: %q is no OWNER/NAME", getenv("GITHUB_REPOSITORY"))
	}
	t.Owner, t.Repo = owner, repo
	sha, ref := getenv("GITHUB_SHA"), getenv("GITHUB_REF")
	if !report.IsCommit(sha) {
		return t, fmt.Errorf("reading GITHUB_SHA: %q is no commit", sha)
	}
	var e event
	if len(data) > 0 {
		if err := json.Unmarshal(data, &e); err != nil {
			return t, fmt.Errorf("reading the event: %w", err)
		}
	}
	switch name := getenv("GITHUB_EVENT_NAME"); name {
	case "pull_request", "pull_request_target":
		return t.ofPull(e, sha, ref, scanned)
	case "merge_group":
		t.Base = strings.TrimPrefix(e.MergeGroup.BaseRef, "refs/heads/")
	default:
		t.Base, _ = strings.CutPrefix(ref, "refs/heads/")
		if strings.HasPrefix(ref, "refs/tags/") {
			t.Base = ""
		}
	}
	t.Head = sha
	if scanned != sha {
		t.Why = "what is checked out is not the commit of the job"
		return t, nil
	}
	t.Commit, t.Ref = sha, ref
	return t, nil
}

// ofPull completes a target of a pull request. What was scanned counts for it only
// where it is GitHub's merge commit or the author's last one: under
// pull_request_target GITHUB_SHA is the target branch, and a check of it would make
// any pull request green.
func (t Target) ofPull(e event, sha, ref, scanned string) (Target, error) {
	t.Number, t.Head, t.Base = e.PullRequest.Number, e.PullRequest.Head.SHA, e.PullRequest.Base.Ref
	if t.Number <= 0 || !report.IsCommit(t.Head) || t.Base == "" {
		return t, errors.New("reading the event: it names no pull request with number, head and base")
	}
	pull := fmt.Sprintf("refs/pull/%d/", t.Number)
	switch {
	case scanned == t.Head:
		t.Commit, t.Ref = t.Head, pull+"head"
	case scanned == sha && ref == pull+"merge":
		t.Commit, t.Ref = sha, ref
	case scanned == "":
		t.Why = "it is not known which commit is checked out"
	default:
		t.Why = "what is checked out is neither the pull request's last commit nor the merge commit that GitHub made of it"
	}
	return t, nil
}

var repositoryName = regexp.MustCompile(`^[A-Za-z0-9._-]{1,100}$`)

func isName(s string) bool { return repositoryName.MatchString(s) && s != "." && s != ".." }
