// Package ci finds out on which CI system the program runs, from the variables
// that the system sets.
package ci

import (
	"encoding/json"
	"strings"
)

// System is a CI system.
type System string

// The systems that are told apart. None is a laptop or an unknown system.
const (
	None   System = ""
	GitHub System = "github"
	GitLab System = "gitlab"
)

// Context is what the CI system says of the job.
type Context struct {
	System System
	// Change says that a pull or merge request is under test: the checkout, its
	// policy included, is the author's.
	Change bool
}

// Detect reads the variables through getenv.
// GitHub: https://docs.github.com/actions/reference/workflows-and-actions/variables,
// GitLab: https://docs.gitlab.com/ci/variables/predefined_variables/.
func Detect(getenv func(string) string) Context {
	switch {
	case getenv("GITHUB_ACTIONS") == "true":
		return Context{System: GitHub, Change: githubChanges[getenv("GITHUB_EVENT_NAME")]}
	case getenv("GITLAB_CI") == "true":
		return Context{System: GitLab, Change: getenv("CI_MERGE_REQUEST_IID") != ""}
	}
	return Context{}
}

// githubChanges are the events whose checkout holds somebody's proposal.
var githubChanges = map[string]bool{
	"pull_request":        true,
	"pull_request_target": true,
	"merge_group":         true,
}

// Bases are revisions from which the change under test may start, the surest first:
// those that the checkout does not hold are no use. event is the text of the file
// that GITHUB_EVENT_PATH names, nil where there is none.
func Bases(getenv func(string) string, event []byte) []string {
	var all []string
	add := func(prefix, rev string) {
		if rev != "" {
			all = append(all, prefix+rev)
		}
	}
	if getenv("GITHUB_ACTIONS") == "true" {
		// A merge commit that GitHub made has the target branch as its first parent.
		// GITHUB_SHA names it; what is checked out may be the author's own commit.
		if sha := getenv("GITHUB_SHA"); sha != "" && strings.HasPrefix(getenv("GITHUB_REF"), "refs/pull/") && strings.HasSuffix(getenv("GITHUB_REF"), "/merge") {
			add("", sha+"^1")
		}
		var e struct {
			PullRequest struct {
				Base struct{ SHA string }
			} `json:"pull_request"`
			MergeGroup struct {
				BaseSHA string `json:"base_sha"`
			} `json:"merge_group"`
		}
		if json.Unmarshal(event, &e) == nil {
			add("", e.MergeGroup.BaseSHA)
		}
		add("refs/remotes/origin/", getenv("GITHUB_BASE_REF"))
		add("", e.PullRequest.Base.SHA)
		return all
	}
	add("", getenv("CI_MERGE_REQUEST_DIFF_BASE_SHA"))
	add("refs/remotes/origin/", getenv("CI_MERGE_REQUEST_TARGET_BRANCH_NAME"))
	return all
}
