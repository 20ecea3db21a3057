package gitlab

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/boltseal/boltseal/internal/forge/forgetest"
	"github.com/boltseal/boltseal/internal/git/gittest"
)

// ciLocalVariable names a program gitlab-ci-local (https://github.com/firecow/gitlab-ci-local),
// programVariable one that was built of this module. TestTheComponentRuns runs where both
// are set.
const (
	ciLocalVariable = "BOLTSEAL_GITLAB_CI_LOCAL"
	programVariable = "BOLTSEAL_PROGRAM"
)

const ofTheJob = "of-the-job-and-of-nobody-else"

// site is an instance of GitLab for one project with one merge request: the API, that
// project for its jobs alone, and the component's for everybody.
type site struct {
	*lab
	address, clone, component string
}

// pipeline is what became of one.
type pipeline struct {
	failed bool
	log    string
}

// newSite makes the two projects, and a clone on the branch of the merge request.
func newSite(t *testing.T) *site {
	t.Helper()
	dir := t.TempDir()
	forge := filepath.Join(dir, "forge")
	s := &site{lab: newLab(t), clone: filepath.Join(dir, "clone")}
	s.lab.server.Close()
	public, err := gittest.Handler(t.Context(), forge, "")
	if err != nil {
		t.Fatal(err)
	}
	private, err := gittest.Handler(t.Context(), forge, "Basic "+base64.StdEncoding.EncodeToString([]byte("gitlab-ci-token:"+ofTheJob)))
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/api/", s.lab)
	mux.Handle("/acme/gate.git/", public)
	mux.Handle("/acme/app.git/", private)
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	s.address = strings.TrimPrefix(server.URL, "http://")

	component, err := os.ReadFile(filepath.Join("..", "..", "..", "templates", "boltseal.yml"))
	if err != nil {
		t.Fatal(err)
	}
	gate := filepath.Join(dir, "gate")
	s.project(t, forge, "gate", gate, map[string]string{"templates/boltseal.yml": string(component)})
	s.component = git(t, gate, "rev-parse", "HEAD")
	s.project(t, forge, "app", s.clone, map[string]string{
		".boltseal.yaml": "version: 1\nrules:\n  - {id: lint, scanner: dockerfile, action: block}\ntrust: {may-set: [scanners]}\n",
		"Dockerfile":     "FROM scratch\nUSER 1000\n",
		".gitlab-ci.yml": fmt.Sprintf(`include:
  - component: $CI_SERVER_FQDN/acme/gate/boltseal@%s
    inputs:
      job-name: gate
      job-image: registry.example.com/acme/boltseal-ci:1
      binary: %s
      scanners: secrets,dockerfile
      fail-on-severity: low
      reports: codequality,secret_detection,sarif
      token-variable: GATE_TOKEN
`, s.component, os.Getenv(programVariable)),
	})
	git(t, s.clone, "remote", "set-head", "origin", "main")
	git(t, s.clone, "checkout", "-q", "-b", "change")
	return s
}

// project makes a project of the instance with these files, and a clone of it.
func (s *site) project(t *testing.T, forge, name, clone string, files map[string]string) {
	t.Helper()
	bare := filepath.Join(forge, "acme", name+".git")
	for _, d := range []string{bare, clone} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	git(t, bare, "init", "-q", "-b", "main", "--bare")
	git(t, bare, "config", "uploadpack.allowFilter", "true")
	git(t, clone, "init", "-q", "-b", "main")
	git(t, clone, "remote", "add", "origin", "http://"+s.address+"/acme/"+name+".git")
	git(t, clone, "config", "remote.origin.pushurl", bare)
	commit(t, clone, files)
	git(t, clone, "push", "-q", "origin", "main")
}

func commit(t *testing.T, clone string, files map[string]string) string {
	t.Helper()
	for name, text := range files {
		path := filepath.Join(clone, filepath.FromSlash(name))
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o600)); err != nil {
			t.Fatal(err)
		}
		git(t, clone, "add", name)
	}
	git(t, clone, "commit", "-q", "-m", "a commit")
	return git(t, clone, "rev-parse", "HEAD")
}

func git(t *testing.T, dir string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "git", append([]string{"-C", dir, "-c", "user.name=x", "-c", "user.email=x@example.com"}, args...)...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("git %s: %v: %s", args, err, out)
	}
	return strings.TrimSpace(string(out))
}

// push pushes a commit to the merge request, whose diff is now git's own.
func (s *site) push(t *testing.T, files map[string]string) {
	t.Helper()
	sha := commit(t, s.clone, files)
	git(t, s.clone, "push", "-q", "origin", "change", "change:refs/merge-requests/7/head")
	var diffs []object
	for path := range strings.FieldsSeq(git(t, s.clone, "diff", "--name-only", "main...change")) {
		_, hunks, _ := strings.Cut(git(t, s.clone, "diff", "main...change", "--", path), "\n@@ ")
		diffs = append(diffs, object{"old_path": path, "new_path": path, "diff": "@@ " + hunks})
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.head, s.diffHead, s.diffs = sha, sha, diffs
}

// ofMergeRequest and ofBranch are the variables of the two kinds of pipelines.
func (s *site) ofMergeRequest() []string {
	url := "http://" + s.address + "/acme/app"
	return []string{
		"--unset-variable", "CI_COMMIT_BRANCH", "--variable", "CI_PIPELINE_SOURCE=merge_request_event",
		"--variable", "CI_MERGE_REQUEST_IID=7", "--variable", "CI_MERGE_REQUEST_EVENT_TYPE=detached",
		"--variable", "CI_MERGE_REQUEST_PROJECT_ID=" + project, "--variable", "CI_MERGE_REQUEST_SOURCE_PROJECT_ID=" + project,
		"--variable", "CI_MERGE_REQUEST_PROJECT_URL=" + url, "--variable", "CI_MERGE_REQUEST_TARGET_BRANCH_NAME=main",
		"--variable", "CI_MERGE_REQUEST_SOURCE_BRANCH_NAME=change",
		"--variable", "CI_OPEN_MERGE_REQUESTS=acme/app!7",
	}
}

// ofBranch are those of a pipeline of the branch that is checked out.
func ofBranch(open string) []string { return []string{"--variable", "CI_OPEN_MERGE_REQUESTS=" + open} }

// run runs gitlab-ci-local in the clone. Its own standard variables are those of no
// instance in particular.
func (s *site) run(t *testing.T, args ...string) pipeline {
	t.Helper()
	home := t.TempDir()
	cmd := exec.CommandContext(t.Context(), os.Getenv(ciLocalVariable), append(args,
		"--force-shell-executor", "--no-color", "--ignore-predefined-vars", "CI_PIPELINE_SOURCE,GITLAB_CI,CI_PROJECT_ID", "--home", home,
		"--variable", "GITLAB_CI=true", "--variable", "CI_PROJECT_ID="+project, "--variable", "CI_JOB_TOKEN="+ofTheJob, "--variable", "GATE_TOKEN="+token)...)
	cmd.Dir = s.clone
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + home, "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1"}
	out, err := cmd.CombinedOutput()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	if strings.Contains(string(out), token) || strings.Contains(string(out), ofTheJob) {
		t.Errorf("a token is told:\n%s", out)
	}
	return pipeline{failed: err != nil, log: string(out)}
}

// fault is one that befalls the first call of its kind.
type fault struct{ call, trouble string }

// suffer makes one call fail, once.
func (s *site) suffer(t *testing.T, f fault) (met func() bool) {
	t.Helper()
	i := slices.IndexFunc(troubles, func(one forgetest.Trouble) bool { return one.Name == f.trouble })
	if i < 0 {
		t.Fatalf("there is no trouble %q", f.trouble)
	}
	var mu sync.Mutex
	done := false
	s.at = func(_ int, r *http.Request) *forgetest.Trouble {
		mu.Lock()
		defer mu.Unlock()
		method, part, _ := strings.Cut(f.call, " ")
		if done || r.Method != method || !strings.Contains(r.URL.Path, part) {
			return nil
		}
		done = true
		return &troubles[i]
	}
	return func() bool { return done }
}

// TestTheComponentRuns has the component run from another project, as jobs do, on an
// instance that keeps what it is told.
func TestTheComponentRuns(t *testing.T) {
	if os.Getenv(ciLocalVariable) == "" || os.Getenv(programVariable) == "" {
		t.Logf("left out: the component under gitlab-ci-local; set %s to its path and %s to a boltseal that was built", ciLocalVariable, programVariable)
		return
	}
	const bad, good = "FROM scratch\nMAINTAINER me\nUSER 1000\n", "FROM scratch\nUSER 1000\n"
	pushes := []struct {
		files map[string]string
		fails bool
		says  string
	}{
		{map[string]string{"Dockerfile": bad}, true, "blocked: 1 finding blocks"},
		{map[string]string{"README.md": "one\n"}, true, "blocked: 1 finding blocks"},
		{map[string]string{"Dockerfile": good}, false, "pass: no findings"},
	}
	for name, faults := range map[string][]fault{
		"a merge request": nil,
		"a merge request, and answers that are lost": {{"POST /notes", "no answer, done"}, {"PUT /notes", "503 with Retry-After"}, {"PUT /discussions", "502 with HTML, done"}},
		"a merge request, and answers that are torn": {{"POST /notes", "half an answer, done"}, {"POST /statuses", "500, done"}, {"PUT /notes", "no answer, not done"}},
		"a merge request, and discussions in doubt":  {{"POST /discussions", "502 with HTML, done"}, {"GET /notes", "200 with HTML, not done"}, {"GET /discussions", "307 to the same"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t)
			for i, p := range pushes {
				s.push(t, p.files)
				met := func() bool { return true }
				if faults != nil {
					met = s.suffer(t, faults[i])
				}
				got := s.run(t, s.ofMergeRequest()...)
				if got.failed != p.fails || !met() {
					t.Errorf("push %d: failed is %v, and the fault was met: %v\n%s", i+1, got.failed, met(), got.log)
				}
				s.shows(t, p.says, !p.fails, got.log)
			}
			if s.spec.Known() && s.spec.Checked == 0 {
				t.Error("no request was held against GitLab's description")
			}
		})
	}
	t.Run("branches", func(t *testing.T) {
		s := newSite(t)
		s.push(t, map[string]string{"Dockerfile": bad})
		git(t, s.clone, "checkout", "-q", "main")
		got := s.run(t, ofBranch("")...)
		if got.failed || len(s.notes) > 0 || len(s.statuses) != 1 || s.statuses[0]["state"] != "success" || strings.Contains(strings.Join(s.calls, "\n"), "merge_requests") {
			t.Errorf("the default branch: failed is %v, calls %v, statuses %v\n%s", got.failed, s.calls, s.statuses, got.log)
		}
		s.reports(t)
		git(t, s.clone, "checkout", "-q", "change")
		if got = s.run(t, append(ofBranch(""), "--list-csv")...); !strings.Contains(got.log, "\ngate;") {
			t.Errorf("a branch without a merge request has no job:\n%s", got.log)
		}
		if got = s.run(t, append(ofBranch("acme/app!7"), "--list-csv")...); got.failed || strings.Contains(got.log, "gate;") {
			t.Errorf("a branch whose merge request has a pipeline of its own has a job, too:\n%s", got.log)
		}
		if got = s.run(t, append(s.ofMergeRequest(), "--list-csv")...); strings.Count(got.log, "\ngate;") != 1 || !strings.Contains(got.log, ";test;on_success;false;") {
			t.Errorf("a merge request has not one job, which must not fail:\n%s", got.log)
		}
	})
}

// shows checks what stands in the merge request after a push.
func (s *site) shows(t *testing.T, says string, mended bool, log string) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	var notes, open []string
	for _, n := range s.notes {
		body, _ := n["body"].(string)
		if n["resolvable"] == true {
			open = append(open, fmt.Sprint(n["position"].(object)["new_path"], ":", n["position"].(object)["new_line"], " resolved ", n["resolved"]))
			continue
		}
		notes = append(notes, body)
	}
	if len(notes) != 1 || !strings.Contains(notes[0], says) || !strings.Contains(notes[0], s.head[:8]) {
		t.Errorf("want one note that says %q of %s, got %q\n%s", says, s.head, notes, log)
	}
	if diff := cmp.Diff([]string{fmt.Sprint("Dockerfile:2 resolved ", mended)}, open); diff != "" {
		t.Errorf("discussions: %s\n%s", diff, log)
	}
	state := "failed"
	if mended {
		state = "success"
	}
	if i := len(s.statuses) - 1; i < 0 || s.statuses[i]["sha"] != s.head || s.statuses[i]["state"] != state {
		t.Errorf("the last of the statuses is not %s: %v\n%s", state, s.statuses, log)
	}
	if len(s.commands) > 0 {
		t.Errorf("a note made GitLab do %v", s.commands)
	}
	s.reports(t)
}

// reports checks the files that the job leaves: those that its inputs name.
func (s *site) reports(t *testing.T) {
	t.Helper()
	var names []string
	entries, err := os.ReadDir(filepath.Join(s.clone, "boltseal-report"))
	if err != nil {
		t.Error(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
		data, err := os.ReadFile(filepath.Join(s.clone, "boltseal-report", e.Name()))
		if ext := filepath.Ext(e.Name()); err != nil || (ext == ".json" || ext == ".sarif") && !json.Valid(data) {
			t.Errorf("%s is no report: %v", e.Name(), err)
		}
	}
	want := []string{"boltseal.html", "boltseal.json", "boltseal.md", "boltseal.sarif", "boltseal.xml", "gl-code-quality-report.json", "gl-sarif-report.sarif", "gl-secret-detection-report.json"}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Errorf("reports: %s", diff)
	}
}
