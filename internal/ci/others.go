package ci

import (
	"cmp"
	"net/url"
	"path"
	"strings"
)

// The systems that are told apart beside GitHub and GitLab. Other is one that nothing
// is known of but what the user says.
const (
	Gitea      System = "gitea" // or Forgejo: Actions like GitHub's
	Azure      System = "azure"
	Jenkins    System = "jenkins"
	Bitbucket  System = "bitbucket"
	CircleCI   System = "circleci"
	Buildkite  System = "buildkite"
	Drone      System = "drone"
	Woodpecker System = "woodpecker"
	CodeBuild  System = "codebuild"
	Travis     System = "travis"
	TeamCity   System = "teamcity"
	Other      System = "other"
)

// Actions says whether a system understands the commands, outputs and summaries of
// GitHub Actions.
func (s System) Actions() bool { return s == GitHub || s == Gitea }

// Tells says whether a system's event is known in whole: what the user says of it adds
// nothing.
func (s System) Tells() bool { return s == GitHub || s == Gitea || s == GitLab }

// other is a system that says what it does in variables alone.
type other struct {
	system System
	// here says whether the program runs there.
	here func(getenv func(string) string) bool
	read func(getenv func(string) string) Context
}

// set says whether a variable is set to something that does not mean no.
func set(name string) func(func(string) string) bool {
	return func(getenv func(string) string) bool { return yes(getenv(name)) }
}

func yes(value string) bool { return value != "" && !strings.EqualFold(value, "false") }

// others are in the order in which they are looked for: Jenkins and TeamCity run jobs that
// inherit the variables of others.
//
// None of them says that the commit is a merge whose first parent is the target
// branch's: what is new is told by where the checkout left that branch.
var others = []other{
	{Azure, func(getenv func(string) string) bool {
		return yes(getenv("TF_BUILD")) || getenv("BUILD_BUILDURI") != ""
	}, azure},
	{Bitbucket, func(getenv func(string) string) bool {
		return getenv("BITBUCKET_BUILD_NUMBER") != "" || getenv("BITBUCKET_PIPELINE_UUID") != ""
	}, bitbucket},
	{CircleCI, set("CIRCLECI"), circle},
	{Buildkite, set("BUILDKITE"), buildkite},
	{Drone, set("DRONE"), drone},
	{CodeBuild, func(getenv func(string) string) bool {
		return getenv("CODEBUILD_BUILD_ARN") != "" || getenv("CODEBUILD_BUILD_ID") != ""
	}, codebuild},
	{Travis, set("TRAVIS"), travis},
	{TeamCity, set("TEAMCITY_VERSION"), teamcity},
	{Jenkins, func(getenv func(string) string) bool { return getenv("JENKINS_URL") != "" }, jenkins},
}

// detectOther reads the variables of the systems that say what they are by one of their own.
func detectOther(getenv func(string) string) Context {
	for _, o := range others {
		if o.here(getenv) {
			return finished(o.system, o.read(getenv))
		}
	}
	return Context{}
}

// finished completes what was read. A change has no branch of its own: nobody has
// vouched for what is on it.
func finished(system System, c Context) Context {
	c.System = system
	c.Target, c.Source, c.Branch = short(c.Target), short(c.Source), short(c.Branch)
	switch {
	case c.Event == Pull:
		c.Change, c.Branch = true, ""
	case c.Event == Tag: // some call the tag the branch
		c.Branch = ""
	case c.Event == Unknown && c.Branch != "":
		c.Event = Push
	}
	return c
}

// short is a branch by its plain name; another ref is none.
func short(ref string) string {
	if name := branch(ref); name != "" {
		return name
	}
	if strings.HasPrefix(ref, "refs/") {
		return ""
	}
	return ref
}

// tagged says that a tag started the job, if one did.
func tagged(c Context, tag string) Context {
	if tag != "" {
		c.Event = Tag
	}
	return c
}

// request fills in a pull request, if there is one.
func request(c Context, number, target, source string) Context {
	if number == "" {
		return c
	}
	c.Event, c.Number, c.Target, c.Source, c.Head = Pull, number, target, source, c.Commit
	return c
}

func azure(getenv func(string) string) Context {
	c := Context{Commit: commit(getenv("BUILD_SOURCEVERSION")), Branch: getenv("BUILD_SOURCEBRANCH"), Repository: getenv("BUILD_REPOSITORY_NAME")}
	if getenv("BUILD_REASON") != "PullRequest" {
		tag, isTag := strings.CutPrefix(c.Branch, "refs/tags/")
		if !isTag {
			return c
		}
		return tagged(c, tag)
	}
	c.Event = Pull
	c.Number = cmp.Or(getenv("SYSTEM_PULLREQUEST_PULLREQUESTNUMBER"), getenv("SYSTEM_PULLREQUEST_PULLREQUESTID"))
	c.Target, c.Source = getenv("SYSTEM_PULLREQUEST_TARGETBRANCH"), getenv("SYSTEM_PULLREQUEST_SOURCEBRANCH")
	c.Head = commit(getenv("SYSTEM_PULLREQUEST_SOURCECOMMITID"))
	return c
}

func jenkins(getenv func(string) string) Context {
	first := func(names ...string) string {
		for _, n := range names {
			if v := getenv(n); v != "" {
				return v
			}
		}
		return ""
	}
	c := Context{Commit: commit(first("ghprbActualCommit", "GIT_COMMIT")), Branch: getenv("BRANCH_NAME")}
	return request(tagged(c, getenv("TAG_NAME")), first("CHANGE_ID", "ghprbPullId", "gitlabMergeRequestId"),
		first("CHANGE_TARGET", "ghprbTargetBranch", "gitlabTargetBranch"), first("CHANGE_BRANCH", "ghprbSourceBranch", "gitlabSourceBranch"))
}

func bitbucket(getenv func(string) string) Context {
	c := Context{Commit: commit(getenv("BITBUCKET_COMMIT")), Branch: getenv("BITBUCKET_BRANCH"), Repository: getenv("BITBUCKET_REPO_FULL_NAME")}
	return request(tagged(c, getenv("BITBUCKET_TAG")), getenv("BITBUCKET_PR_ID"), getenv("BITBUCKET_PR_DESTINATION_BRANCH"), getenv("BITBUCKET_BRANCH"))
}

// circle knows no base: only the forge does.
func circle(getenv func(string) string) Context {
	c := Context{Commit: commit(getenv("CIRCLE_SHA1")), Branch: getenv("CIRCLE_BRANCH"), Repository: joined(getenv("CIRCLE_PROJECT_USERNAME"), getenv("CIRCLE_PROJECT_REPONAME"))}
	number := getenv("CIRCLE_PR_NUMBER") // of forks alone
	if address := getenv("CIRCLE_PULL_REQUEST"); number == "" && address != "" {
		number = path.Base(address)
	}
	return request(tagged(c, getenv("CIRCLE_TAG")), number, "", getenv("CIRCLE_BRANCH"))
}

func buildkite(getenv func(string) string) Context {
	c := Context{Commit: commit(getenv("BUILDKITE_COMMIT")), Branch: getenv("BUILDKITE_BRANCH"), Repository: slug(getenv("BUILDKITE_REPO"))}
	number := ""
	if n := getenv("BUILDKITE_PULL_REQUEST"); yes(n) {
		number = n
	}
	return request(tagged(c, getenv("BUILDKITE_TAG")), number, getenv("BUILDKITE_PULL_REQUEST_BASE_BRANCH"), getenv("BUILDKITE_BRANCH"))
}

func drone(getenv func(string) string) Context {
	c := Context{
		Commit: commit(cmp.Or(getenv("DRONE_COMMIT_SHA"), getenv("DRONE_COMMIT"))), Repository: joined(getenv("DRONE_REPO_OWNER"), getenv("DRONE_REPO_NAME")),
	}
	if getenv("DRONE_BUILD_EVENT") != "pull_request" {
		c.Branch = getenv("DRONE_SOURCE_BRANCH")
		return tagged(c, getenv("DRONE_TAG"))
	}
	c = request(c, cmp.Or(getenv("DRONE_PULL_REQUEST"), "0"), getenv("DRONE_TARGET_BRANCH"), getenv("DRONE_SOURCE_BRANCH"))
	c.Number = getenv("DRONE_PULL_REQUEST")
	return c
}

func woodpecker(getenv func(string) string) Context {
	c := Context{Commit: commit(getenv("CI_COMMIT_SHA")), Branch: getenv("CI_COMMIT_BRANCH"), Repository: joined(getenv("CI_REPO_OWNER"), getenv("CI_REPO_NAME"))}
	switch event := cmp.Or(getenv("CI_PIPELINE_EVENT"), getenv("CI_BUILD_EVENT")); {
	case strings.HasPrefix(event, "pull_request"): // also _closed, _metadata
	case event == "tag" || event == "release":
		return tagged(c, event)
	default:
		return tagged(c, getenv("CI_COMMIT_TAG"))
	}
	c = request(c, cmp.Or(getenv("CI_COMMIT_PULL_REQUEST"), "0"), getenv("CI_COMMIT_TARGET_BRANCH"), getenv("CI_COMMIT_SOURCE_BRANCH"))
	c.Number = getenv("CI_COMMIT_PULL_REQUEST")
	return c
}

// codebuild says that there is a pull request, and no more.
func codebuild(getenv func(string) string) Context {
	if !strings.HasPrefix(getenv("CODEBUILD_WEBHOOK_EVENT"), "PULL_REQUEST_") {
		return Context{}
	}
	return Context{Event: Pull}
}

func travis(getenv func(string) string) Context {
	c := Context{Commit: commit(getenv("TRAVIS_COMMIT")), Branch: getenv("TRAVIS_BRANCH"), Repository: getenv("TRAVIS_REPO_SLUG")}
	number := ""
	if n := getenv("TRAVIS_PULL_REQUEST"); yes(n) {
		number = n
	}
	return request(tagged(c, getenv("TRAVIS_TAG")), number, getenv("TRAVIS_BRANCH"), getenv("TRAVIS_PULL_REQUEST_BRANCH"))
}

func teamcity(getenv func(string) string) Context {
	return Context{Commit: commit(getenv("BUILD_VCS_NUMBER"))}
}

// joined is owner/name, or nothing.
func joined(owner, name string) string {
	if owner == "" || name == "" {
		return ""
	}
	return owner + "/" + name
}

// slug takes owner/name out of the address of a repository, as git knows it.
func slug(address string) string {
	text := address
	if u, err := url.Parse(address); err == nil && u.Host != "" {
		text = u.Path
	} else if _, after, ok := strings.Cut(address, ":"); ok {
		text = after
	}
	return strings.TrimSuffix(strings.Trim(text, "/"), ".git")
}

// Said is what the user says of a job whose system says little or nothing.
type Said struct {
	// Base is the branch that a change is for; empty where it is none. Default is the
	// repository's default branch, URL where git finds it.
	Base, Default, URL string
}

// Say completes a context by what the user says. What the system says stands.
func (c Context) Say(s Said) Context {
	if c.System.Tells() || c.System == None && s == (Said{}) {
		return c
	}
	c.System = cmp.Or(c.System, Other)
	if s.Base != "" && !c.Change {
		c.Event, c.Change, c.Branch = Pull, true, ""
		c.Head = cmp.Or(c.Head, c.Commit)
	}
	c.Target = cmp.Or(c.Target, short(s.Base))
	c.Default = cmp.Or(c.Default, short(s.Default))
	c.URL = cmp.Or(c.URL, s.URL)
	return c
}
