package ci

import (
	"slices"
	"testing"
)

func TestDetect(t *testing.T) {
	for _, test := range []struct {
		name string
		env  map[string]string
		want Context
	}{
		{"a laptop", nil, Context{}},
		{"another CI system", map[string]string{"CI": "true"}, Context{}},
		{"a push on GitHub", map[string]string{"GITHUB_ACTIONS": "true", "GITHUB_EVENT_NAME": "push"}, Context{System: GitHub}},
		{"a pull request on GitHub", map[string]string{"GITHUB_ACTIONS": "true", "GITHUB_EVENT_NAME": "pull_request"}, Context{GitHub, true}},
		{"a merge queue on GitHub", map[string]string{"GITHUB_ACTIONS": "true", "GITHUB_EVENT_NAME": "merge_group"}, Context{GitHub, true}},
		{"a branch on GitLab", map[string]string{"GITLAB_CI": "true", "CI_COMMIT_BRANCH": "main"}, Context{System: GitLab}},
		{"a merge request on GitLab", map[string]string{"GITLAB_CI": "true", "CI_MERGE_REQUEST_IID": "7"}, Context{GitLab, true}},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := Detect(func(name string) string { return test.env[name] }); got != test.want {
				t.Errorf("got %+v, want %+v", got, test.want)
			}
		})
	}
}

func TestBases(t *testing.T) {
	for name, test := range map[string]struct {
		env   map[string]string
		event string
		want  []string
	}{
		"a pull request's merge commit": {
			map[string]string{"GITHUB_ACTIONS": "true", "GITHUB_REF": "refs/pull/7/merge", "GITHUB_SHA": "def", "GITHUB_BASE_REF": "main"},
			`{"pull_request": {"base": {"sha": "abc"}}}`,
			[]string{"def^1", "refs/remotes/origin/main", "abc"},
		},
		"its head":                 {map[string]string{"GITHUB_ACTIONS": "true", "GITHUB_REF": "refs/heads/x", "GITHUB_BASE_REF": "main"}, "", []string{"refs/remotes/origin/main"}},
		"a merge queue":            {map[string]string{"GITHUB_ACTIONS": "true", "GITHUB_REF": "refs/heads/gh-readonly-queue/x"}, `{"merge_group": {"base_sha": "abc"}}`, []string{"abc"}},
		"an event that is no JSON": {map[string]string{"GITHUB_ACTIONS": "true"}, "{", nil},
		"a merge request": {
			map[string]string{"GITLAB_CI": "true", "CI_MERGE_REQUEST_DIFF_BASE_SHA": "abc", "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main"},
			"",
			[]string{"abc", "refs/remotes/origin/main"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := Bases(func(name string) string { return test.env[name] }, []byte(test.event))
			if !slices.Equal(test.want, got) {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}
