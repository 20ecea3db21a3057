// Package ci finds out on which CI system the program runs and what it is asked to
// test there, from the variables that the system sets and the event that it tells.
package ci

import "strings"

// System is a CI system.
type System string

// The systems that are told apart. None is a laptop or an unknown system.
const (
	None   System = ""
	GitHub System = "github"
	GitLab System = "gitlab"
)

// Event is the kind of what started the job.
type Event string

// The kinds of event. Unknown is one that nothing is known of: where a system is
// known it counts as the tip of some branch that nobody has vouched for.
const (
	Unknown  Event = ""
	Pull     Event = "pull"  // a pull or merge request
	Queue    Event = "queue" // what a merge queue or merge train is about to merge
	Push     Event = "push"
	Tag      Event = "tag"
	Dispatch Event = "dispatch" // started by a person or another program
	Schedule Event = "schedule"
)

// Context is what the CI system says of the job. Branches are plain names, without
// refs/heads/; what is not known is empty.
type Context struct {
	System System
	Event  Event
	// Change says that somebody's proposal is under test: the checkout, its policy
	// included, is the author's.
	Change bool
	// Commit is the one that the event is about; the checkout may be another one.
	Commit string
	// Branch is the one that a push, dispatch or schedule is about.
	Branch string
	// Target is the branch that a change is for, Default the repository's default
	// branch; empty where only the repository itself can say.
	Target, Default string
	// Head is the author's commit of a change, MergeBase where the system says that
	// it left the target, Before the commit that a push replaces, or in a queue the
	// one that it builds on; empty also where a push makes a new branch.
	Head, MergeBase, Before string
	// Ours says that the job of a change runs on the target's own commit, with the
	// target's rights, as pull_request_target does.
	Ours bool
	// Merge says that Commit is a merge that the forge made, whose first parent is
	// of the target branch.
	Merge bool
	// URL is where git finds the repository that the change is for, not its
	// author's fork; it holds no credentials.
	URL string
	// Number is that of a pull or merge request, Source its author's branch,
	// Repository is "owner/name"; for people and reports, nothing is trusted by them.
	Number, Source, Repository string
}

// Detect reads the variables through getenv, and the event that GitHub tells, nil
// where there is none.
// GitHub: https://docs.github.com/actions/reference/workflows-and-actions/variables
// and https://docs.github.com/webhooks/webhook-events-and-payloads,
// GitLab: https://docs.gitlab.com/ci/variables/predefined_variables/.
func Detect(getenv func(string) string, event []byte) Context {
	switch {
	case getenv("CI") == "woodpecker": // it sets variables of other systems' names
		return finished(Woodpecker, woodpecker(getenv))
	case yes(getenv("GITEA_ACTIONS")): // which sets GitHub's as well
		c := github(getenv, event)
		c.System = Gitea
		return c
	case getenv("GITHUB_ACTIONS") == "true":
		return github(getenv, event)
	case getenv("GITLAB_CI") == "true":
		return gitlab(getenv)
	}
	return detectOther(getenv)
}

// commit gives an id, and nothing for the zeros that stand for no commit, or for what
// is no id: a name could lead anywhere.
func commit(id string) string {
	if len(id) != 40 && len(id) != 64 || strings.Trim(id, "0123456789abcdef") != "" || strings.Trim(id, "0") == "" {
		return ""
	}
	return id
}

// branch takes the name of a branch out of a ref; empty for another one.
func branch(ref string) string {
	name, ok := strings.CutPrefix(ref, "refs/heads/")
	if !ok {
		return ""
	}
	return name
}
