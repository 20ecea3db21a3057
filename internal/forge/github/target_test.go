package github

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestReadTarget(t *testing.T) {
	const pullEvent = `{"pull_request":{"number":7,"head":{"sha":"` + head + `"},"base":{"ref":"main"}}}`
	const other = "3333333333333333333333333333333333333333"
	ofPull := Target{Owner: "acme", Repo: "app", Number: 7, Head: head, Base: "main"}
	with := func(t Target, ref, commit string) Target {
		t.Ref, t.Commit = ref, commit
		return t
	}
	for name, c := range map[string]struct {
		event, sha, ref, data, scanned string
		want                           Target
	}{
		"the merge commit":          {"pull_request", mergeSHA, "refs/pull/7/merge", pullEvent, mergeSHA, with(ofPull, "refs/pull/7/merge", mergeSHA)},
		"the author's own commit":   {"pull_request", mergeSHA, "refs/pull/7/merge", pullEvent, head, with(ofPull, "refs/pull/7/head", head)},
		"something else of it":      {"pull_request", mergeSHA, "refs/pull/7/merge", pullEvent, other, ofPull},
		"nobody knows what":         {"pull_request", mergeSHA, "refs/pull/7/merge", pullEvent, "", ofPull},
		"the target branch of it":   {"pull_request_target", other, "refs/heads/main", pullEvent, other, ofPull},
		"its head, from the target": {"pull_request_target", other, "refs/heads/main", pullEvent, head, with(ofPull, "refs/pull/7/head", head)},
		"another pull's merge":      {"pull_request", mergeSHA, "refs/pull/8/merge", pullEvent, mergeSHA, ofPull},
		"a queue":                   {"merge_group", other, "refs/heads/gh-readonly-queue/main/pr-7-x", `{"merge_group":{"base_ref":"refs/heads/main"}}`, other, Target{Owner: "acme", Repo: "app", Head: other, Base: "main", Ref: "refs/heads/gh-readonly-queue/main/pr-7-x", Commit: other}},
		"a push":                    {"push", other, "refs/heads/release/1", `{}`, other, Target{Owner: "acme", Repo: "app", Head: other, Base: "release/1", Ref: "refs/heads/release/1", Commit: other}},
		"a tag":                     {"push", other, "refs/tags/v1", ``, other, Target{Owner: "acme", Repo: "app", Head: other, Ref: "refs/tags/v1", Commit: other}},
		"a push, another checkout":  {"push", other, "refs/heads/main", ``, head, Target{Owner: "acme", Repo: "app", Head: other, Base: "main"}},
	} {
		t.Run(name, func(t *testing.T) {
			env := map[string]string{"GITHUB_REPOSITORY": "acme/app", "GITHUB_SHA": c.sha, "GITHUB_REF": c.ref, "GITHUB_EVENT_NAME": c.event}
			got, err := ReadTarget(func(k string) string { return env[k] }, []byte(c.data), c.scanned)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got, cmpopts.IgnoreFields(Target{}, "Why")); diff != "" {
				t.Error(diff)
			}
			if (got.Commit == "") != (got.Why != "") {
				t.Errorf("commit %q, why %q", got.Commit, got.Why)
			}
		})
	}
}

func TestReadTargetRefuses(t *testing.T) {
	for name, c := range map[string]struct{ repository, sha, event, data, want string }{
		"no repository":         {"", head, "push", "", "GITHUB_REPOSITORY"},
		"a path as repository":  {"acme/../x", head, "push", "", "GITHUB_REPOSITORY"},
		"a name with a query":   {"acme/app?x", head, "push", "", "GITHUB_REPOSITORY"},
		"dots":                  {"../..", head, "push", "", "GITHUB_REPOSITORY"},
		"no commit":             {"acme/app", "main", "push", "", "GITHUB_SHA"},
		"half an event":         {"acme/app", head, "pull_request", `{"pull_request":`, "the event"},
		"an event without pull": {"acme/app", head, "pull_request", `{}`, "no pull request"},
		"a head that is none":   {"acme/app", head, "pull_request", `{"pull_request":{"number":7,"head":{"sha":"x"},"base":{"ref":"main"}}}`, "no pull request"},
	} {
		t.Run(name, func(t *testing.T) {
			env := map[string]string{"GITHUB_REPOSITORY": c.repository, "GITHUB_SHA": c.sha, "GITHUB_EVENT_NAME": c.event}
			_, err := ReadTarget(func(k string) string { return env[k] }, []byte(c.data), head)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want something about %q", err, c.want)
			}
		})
	}
}
