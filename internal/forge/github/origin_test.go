package github

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestPullsAreFoundByRepositoryBranchAndCommit(t *testing.T) {
	pullOf := func(number int, sha, ref, repo, base string) object {
		return object{"number": number, "head": object{"sha": sha, "ref": ref, "repo": object{"full_name": repo}}, "base": object{"ref": base}}
	}
	h := newHub(t)
	for i := range 120 {
		h.pulls = append(h.pulls, pullOf(1000+i, mergeSHA, "patch-1", "mallory/app", "main"))
	}
	h.pulls = append(
		h.pulls, pullOf(7, head, "patch-1", "Mallory/app", "main"), pullOf(8, head, "patch-1", "mallory/app", "release"),
		pullOf(9, head, "patch-2", "mallory/app", "main"), pullOf(10, head, "patch-1", "eve/app", "main"),
	)
	got, err := Pulls(t.Context(), options(h), Origin{Owner: "acme", Repo: "app", HeadOwner: "mallory", HeadRepo: "app", Branch: "patch-1", SHA: head})
	if err != nil {
		t.Fatal(err)
	}
	want := []Target{
		{Owner: "acme", Repo: "app", Number: 7, Head: head, Base: "main", Commit: head, Ref: "refs/pull/7/head"},
		{Owner: "acme", Repo: "app", Number: 8, Head: head, Base: "release", Commit: head, Ref: "refs/pull/8/head"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestReadOrigin(t *testing.T) {
	text := func(event, branch, sha, repo string) string {
		return fmt.Sprintf(`{"workflow_run":{"name":"gate","event":%q,"head_branch":%q,"head_sha":%q,"head_repository":{"full_name":%q}}}`, event, branch, sha, repo)
	}
	for name, c := range map[string]struct{ event, data, want string }{
		"a fork's pull request": {"workflow_run", text("pull_request", "x", head, "mallory/app"), ""},
		"another event":         {"push", text("pull_request", "x", head, "mallory/app"), "workflow_run"},
		"a push":                {"workflow_run", text("push", "x", head, "acme/app"), "did not run for a pull request"},
		"pull_request_target":   {"workflow_run", text("pull_request_target", "x", head, "mallory/app"), "did not run for a pull request"},
		"no branch":             {"workflow_run", text("pull_request", "", head, "mallory/app"), "names no repository"},
		"no commit":             {"workflow_run", text("pull_request", "x", "main", "mallory/app"), "names no repository"},
		"a path as repository":  {"workflow_run", text("pull_request", "x", head, "../app"), "names no repository"},
		"no event":              {"workflow_run", "", "reading the event"},
	} {
		t.Run(name, func(t *testing.T) {
			env := map[string]string{"GITHUB_EVENT_NAME": c.event, "GITHUB_REPOSITORY": "acme/app"}
			o, err := ReadOrigin(func(k string) string { return env[k] }, []byte(c.data))
			if c.want == "" {
				if err != nil || !o.Fork() || o.Workflow != "gate" {
					t.Errorf("%+v %v", o, err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want something about %q", err, c.want)
			}
		})
	}
	if (Origin{Owner: "Acme", Repo: "App", HeadOwner: "acme", HeadRepo: "app"}).Fork() {
		t.Error("case makes a fork")
	}
}
