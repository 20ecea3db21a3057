package ci

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestDetect(t *testing.T) {
	const (
		zeros = "0000000000000000000000000000000000000000"
		abc   = "abcabcabcabcabcabcabcabcabcabcabcabcabca"
		def   = "defdefdefdefdefdefdefdefdefdefdefdefdefd"
	)
	github := func(more ...string) map[string]string {
		env := map[string]string{"GITHUB_ACTIONS": "true", "GITHUB_SERVER_URL": "https://github.com", "GITHUB_REPOSITORY": "acme/app", "GITHUB_SHA": def}
		for i := 0; i < len(more); i += 2 {
			env[more[i]] = more[i+1]
		}
		return env
	}
	gitlab := func(more ...string) map[string]string {
		env := map[string]string{"GITLAB_CI": "true", "CI_PROJECT_URL": "https://gitlab.com/acme/app", "CI_COMMIT_SHA": def, "CI_DEFAULT_BRANCH": "main"}
		for i := 0; i < len(more); i += 2 {
			env[more[i]] = more[i+1]
		}
		return env
	}
	const hub, lab = "https://github.com/acme/app", "https://gitlab.com/acme/app.git"
	const repository = `"repository": {"default_branch": "main"}`
	for name, test := range map[string]struct {
		env   map[string]string
		event string
		want  Context
	}{
		"a laptop":          {},
		"another CI system": {env: map[string]string{"CI": "true"}},
		"a pull request's merge commit": {
			github("GITHUB_EVENT_NAME", "pull_request", "GITHUB_REF", "refs/pull/7/merge", "GITHUB_BASE_REF", "release"),
			`{"pull_request": {"head": {"sha": "` + abc + `"}, "base": {"ref": "old", "sha": "123"}}, ` + repository + `}`,
			Context{System: GitHub, Event: Pull, Change: true, Commit: def, Target: "release", Default: "main", Head: abc, Merge: true, URL: hub, Repository: "acme/app"},
		},
		"a pull request with the target's rights": {
			github("GITHUB_EVENT_NAME", "pull_request_target", "GITHUB_REF", "refs/heads/main"),
			`{"pull_request": {"head": {"sha": "` + abc + `"}, "base": {"ref": "main"}}, ` + repository + `}`,
			Context{System: GitHub, Event: Pull, Change: true, Commit: def, Target: "main", Default: "main", Head: abc, Ours: true, URL: hub, Repository: "acme/app"},
		},
		"a merge queue": {
			github("GITHUB_EVENT_NAME", "merge_group", "GITHUB_REF", "refs/heads/gh-readonly-queue/main/pr-1"),
			`{"merge_group": {"head_sha": "` + def + `", "base_sha": "` + abc + `", "base_ref": "refs/heads/main"}, ` + repository + `}`,
			Context{System: GitHub, Event: Queue, Change: true, Commit: def, Target: "main", Default: "main", Head: def, Before: abc, URL: hub, Repository: "acme/app"},
		},
		"a push on GitHub": {
			github("GITHUB_EVENT_NAME", "push", "GITHUB_REF", "refs/heads/feature/x"), `{"before": "` + abc + `", ` + repository + `}`,
			Context{System: GitHub, Event: Push, Commit: def, Branch: "feature/x", Default: "main", Before: abc, URL: hub, Repository: "acme/app"},
		},
		"a push of a new branch": {
			github("GITHUB_EVENT_NAME", "push", "GITHUB_REF", "refs/heads/x"), `{"before": "` + zeros + `", ` + repository + `}`,
			Context{System: GitHub, Event: Push, Commit: def, Branch: "x", Default: "main", URL: hub, Repository: "acme/app"},
		},
		"a tag on GitHub": {
			github("GITHUB_EVENT_NAME", "push", "GITHUB_REF", "refs/tags/main"), `{"before": "` + abc + `", ` + repository + `}`,
			Context{System: GitHub, Event: Tag, Commit: def, Default: "main", URL: hub, Repository: "acme/app"},
		},
		"a schedule, whose event names no repository": {
			github("GITHUB_EVENT_NAME", "schedule", "GITHUB_REF", "refs/heads/main"), `{"schedule": "0 3 * * *"}`,
			Context{System: GitHub, Event: Schedule, Commit: def, Branch: "main", Default: "main", URL: hub, Repository: "acme/app"},
		},
		"a dispatch on GitHub": {
			github("GITHUB_EVENT_NAME", "workflow_dispatch", "GITHUB_REF", "refs/heads/x"), `{` + repository + `}`,
			Context{System: GitHub, Event: Dispatch, Commit: def, Branch: "x", Default: "main", URL: hub, Repository: "acme/app"},
		},
		"a release": {
			github("GITHUB_EVENT_NAME", "release", "GITHUB_REF", "refs/tags/v1"), `{` + repository + `}`,
			Context{System: GitHub, Event: Tag, Commit: def, Default: "main", URL: hub, Repository: "acme/app"},
		},
		"a name in the place of an id": {
			gitlab("CI_PIPELINE_SOURCE", "push", "CI_COMMIT_BRANCH", "x", "CI_COMMIT_BEFORE_SHA", "HEAD"), "",
			Context{System: GitLab, Event: Push, Commit: def, Branch: "x", Default: "main", URL: lab},
		},
		"an event that is no JSON": {
			github("GITHUB_EVENT_NAME", "push", "GITHUB_REF", "refs/heads/main"), "{",
			Context{System: GitHub, Event: Push, Commit: def, Branch: "main", URL: hub, Repository: "acme/app"},
		},
		"a push on GitLab": {
			gitlab("CI_PIPELINE_SOURCE", "push", "CI_COMMIT_BRANCH", "x", "CI_COMMIT_BEFORE_SHA", zeros), "",
			Context{System: GitLab, Event: Push, Commit: def, Branch: "x", Default: "main", URL: lab},
		},
		"a tag on GitLab": {
			gitlab("CI_PIPELINE_SOURCE", "push", "CI_COMMIT_TAG", "v1"), "",
			Context{System: GitLab, Event: Tag, Commit: def, Default: "main", URL: lab},
		},
		"a schedule on GitLab": {
			gitlab("CI_PIPELINE_SOURCE", "schedule", "CI_COMMIT_BRANCH", "main"), "",
			Context{System: GitLab, Event: Schedule, Commit: def, Branch: "main", Default: "main", URL: lab},
		},
		"a dispatch on GitLab": {
			gitlab("CI_PIPELINE_SOURCE", "web", "CI_COMMIT_BRANCH", "x"), "",
			Context{System: GitLab, Event: Dispatch, Commit: def, Branch: "x", Default: "main", URL: lab},
		},
		"a merge request from a fork": {
			gitlab("CI_MERGE_REQUEST_IID", "7", "CI_MERGE_REQUEST_EVENT_TYPE", "detached", "CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "main", "CI_MERGE_REQUEST_DIFF_BASE_SHA", abc,
				"CI_PROJECT_URL", "https://gitlab.com/eve/app", "CI_MERGE_REQUEST_PROJECT_URL", "https://gitlab.com/acme/app"), "",
			Context{System: GitLab, Event: Pull, Change: true, Commit: def, Target: "main", MergeBase: abc, URL: lab, Number: "7"},
		},
		"a merge request from a fork, by numbers": {
			gitlab("CI_MERGE_REQUEST_IID", "7", "CI_MERGE_REQUEST_EVENT_TYPE", "detached", "CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "main", "CI_PROJECT_ID", "2", "CI_MERGE_REQUEST_PROJECT_ID", "1"), "",
			Context{System: GitLab, Event: Pull, Change: true, Commit: def, Target: "main", Number: "7"},
		},
		"a merge request of the project itself": {
			gitlab("CI_MERGE_REQUEST_IID", "7", "CI_MERGE_REQUEST_EVENT_TYPE", "detached", "CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "main",
				"CI_PROJECT_ID", "1", "CI_MERGE_REQUEST_PROJECT_ID", "1", "CI_MERGE_REQUEST_PROJECT_URL", "https://gitlab.com/acme/app"), "",
			Context{System: GitLab, Event: Pull, Change: true, Commit: def, Target: "main", Default: "main", URL: lab, Number: "7"},
		},
		"merged results": {
			gitlab("CI_MERGE_REQUEST_IID", "7", "CI_MERGE_REQUEST_EVENT_TYPE", "merged_result", "CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "main", "CI_MERGE_REQUEST_SOURCE_BRANCH_SHA", abc), "",
			Context{System: GitLab, Event: Pull, Change: true, Commit: def, Target: "main", Default: "main", Head: abc, Merge: true, URL: lab, Number: "7"},
		},
		"a merge train": {
			gitlab("CI_MERGE_REQUEST_IID", "7", "CI_MERGE_REQUEST_EVENT_TYPE", "merge_train", "CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "main"), "",
			Context{System: GitLab, Event: Queue, Change: true, Commit: def, Target: "main", Default: "main", Merge: true, URL: lab, Number: "7"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := Detect(func(name string) string { return test.env[name] }, []byte(test.event))
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// FuzzDetect reads any event: what is told to be an id is one, and a branch has no
// place to hide an option.
func FuzzDetect(f *testing.F) {
	f.Add("pull_request", "refs/pull/7/merge", `{"pull_request": {"head": {"sha": "abc"}, "base": {"ref": "main"}}, "repository": {"default_branch": "main"}}`)
	f.Add("push", "refs/heads/main", `{"before": "HEAD"}`)
	f.Add("merge_group", "refs/tags/x", `{"merge_group": {"base_ref": "refs/heads/--x"}}`)
	f.Fuzz(func(t *testing.T, name, ref, event string) {
		env := map[string]string{"GITHUB_ACTIONS": "true", "GITHUB_EVENT_NAME": name, "GITHUB_REF": ref, "GITHUB_SHA": ref}
		c := Detect(func(name string) string { return env[name] }, []byte(event))
		for _, id := range []string{c.Commit, c.Head, c.Before, c.MergeBase} {
			if id != commit(id) {
				t.Errorf("%q is no id", id)
			}
		}
		if c.Change != (c.Event == Pull || c.Event == Queue) {
			t.Errorf("%+v", c)
		}
	})
}
