package ci

import "strings"

func gitlab(getenv func(string) string) Context {
	c := Context{
		System:  GitLab,
		Commit:  commit(getenv("CI_COMMIT_SHA")),
		Default: getenv("CI_DEFAULT_BRANCH"),
		Branch:  getenv("CI_COMMIT_BRANCH"),
		URL:     gitURL(getenv("CI_PROJECT_URL")),

		Repository: getenv("CI_PROJECT_PATH"),
	}
	switch source := getenv("CI_PIPELINE_SOURCE"); {
	case getenv("CI_MERGE_REQUEST_IID") != "":
		c.Event, c.Change, c.Branch = Pull, true, ""
		c.Number, c.Source = getenv("CI_MERGE_REQUEST_IID"), getenv("CI_MERGE_REQUEST_SOURCE_BRANCH_NAME")
		c.Target = getenv("CI_MERGE_REQUEST_TARGET_BRANCH_NAME")
		c.MergeBase = commit(getenv("CI_MERGE_REQUEST_DIFF_BASE_SHA"))
		// In a pipeline of merged results it is set, else the commit itself is the
		// author's.
		c.Head = commit(getenv("CI_MERGE_REQUEST_SOURCE_BRANCH_SHA"))
		switch getenv("CI_MERGE_REQUEST_EVENT_TYPE") {
		case "merge_train":
			c.Event, c.Merge = Queue, true
		case "merged_result":
			c.Merge = true
		}
		if ofFork(getenv) { // whose own default branch is told
			c.Default, c.URL = "", ""
		}
		if url := getenv("CI_MERGE_REQUEST_PROJECT_URL"); url != "" {
			c.URL = gitURL(url)
		}
	case getenv("CI_COMMIT_TAG") != "":
		c.Event = Tag
	case source == "schedule":
		c.Event = Schedule
	case source == "push":
		c.Event, c.Before = Push, commit(getenv("CI_COMMIT_BEFORE_SHA"))
	default:
		c.Event = Dispatch
	}
	return c
}

// ofFork says whether a merge request's pipeline runs in another project than the one
// that the merge request is for.
func ofFork(getenv func(string) string) bool {
	url := getenv("CI_MERGE_REQUEST_PROJECT_URL")
	return getenv("CI_PROJECT_ID") != getenv("CI_MERGE_REQUEST_PROJECT_ID") || url != "" && url != getenv("CI_PROJECT_URL")
}

// gitURL makes of a project's address the one that git asks.
func gitURL(project string) string {
	if project == "" {
		return ""
	}
	return strings.TrimSuffix(project, "/") + ".git"
}
