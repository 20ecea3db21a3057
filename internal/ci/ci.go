// Package ci finds out on which CI system the program runs, from the variables
// that the system sets.
package ci

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
