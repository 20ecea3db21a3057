package cli_test

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// gitLabAPI is the least of GitLab that ci needs. Notes and discussions are kept.
type gitLabAPI struct {
	mu          sync.Mutex
	head        string
	wrote       []string
	notes       []map[string]any
	discussions []map[string]any
	tokens      map[string]bool
	status      int // of every request that writes, 0 for success
}

func (a *gitLabAPI) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.tokens == nil {
		a.tokens = make(map[string]bool)
	}
	a.tokens[r.Header.Get("PRIVATE-TOKEN")] = true
	w.Header().Set("Content-Type", "application/json")
	body, _ := io.ReadAll(r.Body)
	var in struct{ Body, State, Name string }
	_ = json.Unmarshal(body, &in)
	path := strings.TrimPrefix(r.URL.Path, "/api/v4/projects/42")
	answer := func(v any) { _ = json.NewEncoder(w).Encode(v) }
	switch {
	case r.URL.Path == "/api/v4/user":
		answer(map[string]any{"id": 9})
	case r.Method == http.MethodGet && path == "/merge_requests/7":
		answer(map[string]any{"iid": 7, "sha": a.head, "target_branch": "main", "diff_refs": map[string]any{"base_sha": a.head, "start_sha": a.head, "head_sha": a.head}})
	case r.Method == http.MethodGet && path == "/merge_requests/7/diffs":
		answer([]any{map[string]any{"old_path": "Dockerfile", "new_path": "Dockerfile", "diff": "@@ -0,0 +1,3 @@\n+FROM scratch\n+MAINTAINER me\n+USER 1000"}})
	case r.Method == http.MethodGet && path == "/merge_requests/7/notes":
		answer(a.notes)
	case r.Method == http.MethodGet && path == "/merge_requests/7/discussions":
		answer(a.discussions)
	case a.status != 0:
		w.WriteHeader(a.status)
		fmt.Fprint(w, `{"message":"403 Forbidden"}`)
	default:
		a.wrote = append(a.wrote, strings.TrimSpace(fmt.Sprint(r.Method, " ", strings.Replace(path, a.head, "HEAD", 1), " ", in.Name, " ", in.State)))
		note := map[string]any{"id": len(a.notes) + len(a.discussions) + 1, "body": in.Body, "author": map[string]any{"id": 9}}
		switch path {
		case "/merge_requests/7/notes":
			a.notes = append(a.notes, note)
			answer(note)
		case "/merge_requests/7/discussions":
			d := map[string]any{"id": fmt.Sprint("d", note["id"]), "notes": []any{note}}
			a.discussions = append(a.discussions, d)
			answer(d)
		default:
			answer(map[string]any{"id": 1})
		}
	}
}

// newMerge is a merge request's checkout, and the variables of its job.
func newMerge(t *testing.T, dockerfile string) (*change, *gitLabAPI) {
	t.Helper()
	c := newChange(t, dockerfile)
	server := &gitLabAPI{head: c.server.head}
	loopback := httptest.NewServer(server)
	t.Cleanup(loopback.Close)
	url := c.env["GITHUB_SERVER_URL"] + "/acme/app"
	c.env = map[string]string{
		"GITLAB_CI": "true", "CI_DEFAULT_BRANCH": "main", "CI_PROJECT_URL": url, "CI_PROJECT_ID": "42", "CI_COMMIT_SHA": server.head, "CI_JOB_NAME": "gate",
		"CI_MERGE_REQUEST_IID": "7", "CI_MERGE_REQUEST_PROJECT_ID": "42", "CI_MERGE_REQUEST_SOURCE_PROJECT_ID": "42", "CI_MERGE_REQUEST_PROJECT_URL": url,
		"CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main", "CI_MERGE_REQUEST_SOURCE_BRANCH_NAME": "change", "CI_MERGE_REQUEST_EVENT_TYPE": "detached",
		"CI_PIPELINE_SOURCE": "merge_request_event", "CI_API_V4_URL": loopback.URL + "/api/v4", "BOLTSEAL_GITLAB_TOKEN": publishToken, "PATH": c.env["PATH"],
	}
	return c, server
}

var onGitLab = []string{"POST /merge_requests/7/notes", "POST /merge_requests/7/discussions", "POST /statuses/HEAD boltseal dockerfile → main failed"}

func TestCIPublishesOnGitLab(t *testing.T) {
	c, server := newMerge(t, badDockerfile)
	for range 3 {
		code, printed := c.ci(t)
		if code != 1 || strings.Contains(printed, "publishing") {
			t.Errorf("exit %d:\n%s", code, printed)
		}
	}
	// The note and the discussion once, a status for every push.
	if diff := cmp.Diff([]string{onGitLab[0], onGitLab[1], onGitLab[2], onGitLab[2], onGitLab[2]}, server.wrote); diff != "" {
		t.Error(diff)
	}
	if !strings.Contains(server.notes[0]["body"].(string), "blocked: 1 finding blocks") {
		t.Errorf("the note is %v", server.notes[0]["body"])
	}
	if diff := cmp.Diff(map[string]bool{publishToken: true}, server.tokens); diff != "" {
		t.Error(diff)
	}
}

func TestAPublishingFailureOnGitLabChangesNoVerdict(t *testing.T) {
	none := map[string]string{"BOLTSEAL_GITLAB_TOKEN": "", "CI_JOB_TOKEN": "the-jobs-own"}
	for name, c := range map[string]struct {
		dockerfile string
		args       []string
		env        map[string]string
		status     int
		code       int
		says       string
	}{
		"a token that may not, and a block": {badDockerfile, nil, nil, 403, 1, "scope api and role Developer"},
		"a token that may not, and a pass":  {goodDockerfile, nil, nil, 403, 0, "scope api and role Developer"},
		"a token that may not, and it must": {goodDockerfile, []string{"--require-publish"}, nil, 403, 3, "403 Forbidden"},
		"a block stands, whatever must":     {badDockerfile, []string{"--require-publish"}, nil, 403, 1, "403 Forbidden"},
		"the job's own token":               {badDockerfile, nil, none, 0, 1, "the job's own token can read the repository and publish nothing"},
		"the job's own token, and a pass":   {goodDockerfile, nil, none, 0, 0, "access token (scope api, role Developer) in BOLTSEAL_GITLAB_TOKEN"},
		"the job's own token, and it must":  {goodDockerfile, []string{"--require-publish"}, none, 0, 3, "access token (scope api"},
		"a variable that the job lacks":     {goodDockerfile, nil, map[string]string{"BOLTSEAL_GITLAB_TOKEN": "$GATE_TOKEN"}, 0, 0, "the job's own token can read"},
		"nothing to show, and it must":      {goodDockerfile, []string{"--require-publish", "--check=false", "--comment=false", "--review=false"}, nil, 0, 3, "nothing was to be published"},
		"nothing to show":                   {goodDockerfile, []string{"--check=false", "--comment=false", "--review=false"}, none, 0, 0, "pass"},
		"no commit":                         {goodDockerfile, []string{"--require-publish"}, map[string]string{"CI_MERGE_REQUEST_PROJECT_ID": "x"}, 0, 3, "is no id"},
		"a token for plain http":            {goodDockerfile, nil, map[string]string{"CI_API_V4_URL": "http://192.0.2.1/api/v4"}, 0, 0, "https only"},
		"a token in the variable's place":   {goodDockerfile, []string{"--token-variable", "glpat-" + publishToken}, nil, 0, 2, "names the one that holds the token"},
	} {
		t.Run(name, func(t *testing.T) {
			change, server := newMerge(t, c.dockerfile)
			server.status = c.status
			maps.Copy(change.env, c.env)
			code, printed := change.ci(t, c.args...)
			if code != c.code || !strings.Contains(printed, c.says) {
				t.Errorf("exit %d, want %d and %q:\n%s", code, c.code, c.says, printed)
			}
			if strings.Contains(printed, publishToken) || strings.Contains(printed, "the-jobs-own") || server.tokens["the-jobs-own"] {
				t.Errorf("a token went astray:\n%s", printed)
			}
		})
	}
}

func TestTheTokensVariable(t *testing.T) {
	for name, env := range map[string]map[string]string{
		"the usual one":              {"BOLTSEAL_GITLAB_TOKEN": publishToken, "GITLAB_TOKEN": "another"},
		"where that is empty":        {"BOLTSEAL_GITLAB_TOKEN": "", "GITLAB_TOKEN": publishToken},
		"the one that is named":      {"BOLTSEAL_TOKEN_VARIABLE": "GATE", "GATE": publishToken, "BOLTSEAL_GITLAB_TOKEN": "another"},
		"a name that is the default": {"BOLTSEAL_TOKEN_VARIABLE": "BOLTSEAL_GITLAB_TOKEN", "BOLTSEAL_GITLAB_TOKEN": publishToken},
	} {
		c, server := newMerge(t, badDockerfile)
		maps.Copy(c.env, env)
		c.ci(t)
		if diff := cmp.Diff(map[string]bool{publishToken: true}, server.tokens); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestGitLabShowsWhatIsAskedFor(t *testing.T) {
	for _, c := range []struct {
		args []string
		want []string
	}{
		{[]string{"--check=false"}, onGitLab[:2]},
		{[]string{"--comment=false", "--review=false"}, onGitLab[2:]},
		{[]string{"--comment=false", "--review=false", "--check=false"}, nil},
	} {
		change, server := newMerge(t, badDockerfile)
		if code, printed := change.ci(t, c.args...); code != 1 {
			t.Errorf("exit %d: %s", code, printed)
		}
		if diff := cmp.Diff(c.want, server.wrote); diff != "" {
			t.Errorf("%v: %s", c.args, diff)
		}
	}
}

func TestShardsOnGitLabPublishNothingAndTheirMergeDoes(t *testing.T) {
	c, server := newMerge(t, badDockerfile)
	t.Chdir(filepath.Join(c.dir, "repo"))
	files := c.shards(t, 2, "--path", ".")
	if len(server.wrote) > 0 {
		t.Errorf("the shards published %v", server.wrote)
	}
	code, printed := c.command(t, append([]string{"merge", "--output-dir", filepath.Join(c.dir, "merged")}, files...)...)
	want := []string{onGitLab[0], onGitLab[1], "POST /statuses/HEAD boltseal → main failed"}
	if diff := cmp.Diff(want, server.wrote); diff != "" || code != 1 {
		t.Errorf("exit %d: %s\n%s", code, diff, printed)
	}
}

func TestAPushOnGitLabHasAStatusAlone(t *testing.T) {
	c, server := newMerge(t, badDockerfile)
	for name := range c.env {
		if strings.HasPrefix(name, "CI_MERGE_REQUEST_") {
			delete(c.env, name)
		}
	}
	maps.Copy(c.env, map[string]string{"CI_PIPELINE_SOURCE": "push", "CI_COMMIT_BRANCH": "main", "CI_COMMIT_REF_NAME": "main"})
	if code, printed := c.ci(t); code != 1 {
		t.Errorf("exit %d: %s", code, printed)
	}
	if diff := cmp.Diff(onGitLab[2:], server.wrote); diff != "" {
		t.Error(diff)
	}
	// The job's own token is no news there.
	c.env["BOLTSEAL_GITLAB_TOKEN"] = ""
	if code, printed := c.ci(t); code != 1 || strings.Contains(printed, "access token") {
		t.Errorf("exit %d: %s", code, printed)
	}
}

// TestARefusedMergeRequestIsTold: what cannot be judged is no verdict, in the same note.
func TestARefusedMergeRequestIsTold(t *testing.T) {
	c, server := newMerge(t, badDockerfile)
	c.ci(t)
	c.env["CI_MERGE_REQUEST_PROJECT_URL"] = "http://127.0.0.1:1/acme/app"
	if code, printed := c.ci(t); code != 3 {
		t.Errorf("exit %d: %s", code, printed)
	}
	want := []string{onGitLab[0], onGitLab[1], onGitLab[2], "PUT /merge_requests/7/notes/1", onGitLab[2]}
	if diff := cmp.Diff(want, server.wrote); diff != "" {
		t.Error(diff)
	}
}
