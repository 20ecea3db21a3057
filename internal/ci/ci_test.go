package ci

import "testing"

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
