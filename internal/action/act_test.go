package action

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
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

	"github.com/boltseal/boltseal/internal/git/gittest"
)

// actVariable names a program act (github.com/nektos/act), releaseVariable a folder that
// .ci/release has made. TestOnARunner runs where both are set.
const (
	actVariable     = "BOLTSEAL_ACT"
	releaseVariable = "BOLTSEAL_RELEASE"
)

const jobToken = "of-the-job-and-of-nobody-else"

// github is the part of GitHub that a job sees, all on one loopback address: the API,
// git, and the releases.
type github struct {
	mu     sync.Mutex
	head   string // the pull request's
	mayNot bool   // the token only reads
	wrote  []string
	bodies []string
	// comments are the texts of those.
	comments []string
	fetched  []string // from the releases
	leaked   []string // requests to them that hold credentials
	git      http.Handler
	release  string
}

func (g *github) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case strings.HasPrefix(r.URL.Path, "/acme/"):
		g.git.ServeHTTP(w, r)
	case strings.HasPrefix(r.URL.Path, "/releases/"):
		g.mu.Lock()
		defer g.mu.Unlock()
		g.fetched = append(g.fetched, r.URL.Path)
		if r.Header.Get("Authorization") != "" || r.Header.Get("Cookie") != "" {
			g.leaked = append(g.leaked, r.URL.Path)
		}
		http.ServeFile(w, r, filepath.Join(g.release, filepath.Base(r.URL.Path)))
	default:
		g.api(w, r)
	}
}

func (g *github) api(w http.ResponseWriter, r *http.Request) {
	g.mu.Lock()
	defer g.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	body, _ := io.ReadAll(r.Body)
	path := strings.TrimPrefix(strings.TrimPrefix(r.URL.Path, "/api/v3"), "/repos/acme/app")
	switch {
	case r.Header.Get("Authorization") != "Bearer "+jobToken:
		w.WriteHeader(http.StatusUnauthorized)
	case r.URL.Path == "/api/graphql":
		fmt.Fprint(w, `{"data":{"viewer":{"login":"github-actions[bot]"}}}`)
	case r.Method == http.MethodGet && path == "":
		fmt.Fprint(w, `{"name":"app","owner":{"login":"acme"}}`)
	case r.Method == http.MethodGet && path == "/pulls/7":
		fmt.Fprintf(w, `{"number":7,"head":{"sha":%q},"base":{"ref":"main"}}`, g.head)
	case r.Method == http.MethodGet && strings.HasPrefix(path, "/code-scanning"):
		fmt.Fprint(w, `{"processing_status":"complete"}`)
	case r.Method == http.MethodGet:
		fmt.Fprint(w, `[]`)
	case g.mayNot:
		w.WriteHeader(http.StatusForbidden)
		fmt.Fprint(w, `{"message":"Resource not accessible by integration"}`)
	default:
		var in struct {
			Body, Name, Conclusion string
			HeadSHA                string `json:"head_sha"`
		}
		_ = json.Unmarshal(body, &in)
		what := []string{r.Method, path, in.Name, in.Conclusion}
		if in.HeadSHA == g.head {
			what = append(what, "of the head")
		}
		g.wrote = append(g.wrote, strings.Join(slices.DeleteFunc(what, func(s string) bool { return s == "" }), " "))
		g.bodies = append(g.bodies, string(body))
		if strings.HasSuffix(path, "/comments") {
			g.comments = append(g.comments, in.Body)
		}
		fmt.Fprint(w, `{"id":1,"user":{"login":"github-actions[bot]"}}`)
	}
}

// evil are names of files that read as something else wherever they are shown.
var evil = []string{
	"a\n::error file=x::forged", "b ##[add-mask]e", "c%s%d%n100%", "d`touch x`$(touch y)", "e<!-- boltseal:gate:0 -->",
	"f @acme/team closes #1", "g\n_GitHubActionsFileCommandDelimeter_\nverdict=pass", "::add-mask::h", "::stop-commands::i",
	"j\r::set-output name=verdict::pass", "k|<img src=x onerror=y>|<details>", "l]]>&quot;'\"\\", "m\n\n/approve", "n\n##[stop-commands]x",
}

const findings = 5000

// repositories makes the forge's repository and a clone of it: main, and a change with
// files of these names, each with a secret, and with thousands of smaller things.
func repositories(t *testing.T, names []string) (forge, clone string, git func(args ...string) string) {
	t.Helper()
	dir := t.TempDir()
	forge, clone = filepath.Join(dir, "forge"), filepath.Join(dir, "clone")
	bare := filepath.Join(forge, "acme", "app.git")
	for _, d := range []string{bare, filepath.Join(clone, ".github", "workflows")} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	git = func(args ...string) string {
		cmd := exec.CommandContext(t.Context(), "git", append([]string{"-C", clone, "-c", "user.name=x", "-c", "user.email=x@example.com"}, args...)...)
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("git %s: %v: %s", args, err, out)
		}
		return strings.TrimSpace(string(out))
	}
	write := func(name, text string) {
		path := filepath.Join(clone, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	git("init", "-q", "-b", "main")
	git("init", "-q", "-b", "main", "--bare", bare)
	git("remote", "add", "origin", "https://github.com/acme/app")
	write(".boltseal.yaml", "version: 1\nrules:\n  - {id: secrets, scanner: secrets, action: block}\n  - {id: lint, scanner: dockerfile, action: warn}\n")
	write(".github/workflows/gate.yml", gateWorkflow)
	git("add", "-A")
	git("commit", "-q", "-m", "base")
	git("push", "-q", bare, "main")
	git("checkout", "-q", "-b", "change")
	for i, name := range names {
		write(name+".env", fmt.Sprintf("key=%s%s%02dWd8sYv\n", "gh"+"p_", strings.Repeat("x7Kq9ZtR4m", 2)+"x7Kq9ZtR", i))
	}
	write("Dockerfile", "FROM scratch\n"+strings.Repeat("MAINTAINER ::error::x ##[error]y @acme/team\n", findings))
	git("add", "-A")
	git("commit", "-q", "-m", "change\n\n::error::x ##[error]y")
	git("push", "-q", bare, "change:refs/pull/7/head")
	return forge, clone, git
}

const gateWorkflow = `on: [pull_request, pull_request_target, merge_group, push, schedule, workflow_dispatch]
jobs:
  gate:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - id: gate
        uses: acme/gate@v1
        with:
          releases: ${{ env.RELEASES }}
          upload-sarif: "false"
      - if: always()
        env:
          OUTPUTS: ${{ toJSON(steps.gate.outputs) }}
        run: |
          printf '%s' "$OUTPUTS" >"$RESULTS/outputs.json"
          printf '%s\n' "${VERDICT:-unset}" >"$RESULTS/env"
`

// ended is what is left of a job.
type ended struct {
	Failed  bool
	Outputs map[string]string
	Orders  []string // kinds of commands, one after the other
	Wrote   []string // requests that write
}

// job is a run of the workflow.
type jobRun struct {
	ended
	log    string
	orders []order
	hub    *github
}

// onEvent runs the workflow by act as GitHub would for the event.
func onEvent(t *testing.T, event string, names []string, mayNot bool) jobRun {
	t.Helper()
	forge, clone, git := repositories(t, names)
	base, head := git("rev-parse", "main"), git("rev-parse", "change")
	bare := filepath.Join(forge, "acme", "app.git")
	text := map[string]any{"repository": map[string]any{"default_branch": "main"}, "ref": "refs/heads/main"}
	switch event {
	case "pull_request", "pull_request_target":
		text["number"] = 7
		text["pull_request"] = map[string]any{"number": 7, "head": map[string]any{"sha": head, "ref": "change"}, "base": map[string]any{"sha": base, "ref": "main"}}
		if event == "pull_request_target" {
			git("checkout", "-q", "main")
			git("branch", "-q", "-D", "change")
			git("reflog", "expire", "--expire=now", "--all")
			git("prune", "--expire=now") // it must be fetched
		}
	case "merge_group":
		text["merge_group"] = map[string]any{"head_sha": head, "base_sha": base, "base_ref": "refs/heads/main", "head_ref": "refs/heads/gh-readonly-queue/main/pr-7"}
	default:
		git("branch", "-q", "-f", "main", "change")
		git("checkout", "-q", "main")
		git("push", "-q", bare, "main")
		text["before"], text["after"] = base, head
	}
	return act(t, event, text, forge, clone, head, mayNot)
}

func act(t *testing.T, event string, text map[string]any, forge, clone, head string, mayNot bool) jobRun {
	t.Helper()
	dir := t.TempDir()
	data, err := json.Marshal(text)
	if err != nil {
		t.Fatal(err)
	}
	eventFile := filepath.Join(dir, "event.json")
	if err := os.WriteFile(eventFile, data, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, d := range []string{"home", "results", "nothing"} {
		if err := os.Mkdir(filepath.Join(dir, d), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	c := newCheckout(t)
	release := os.Getenv(releaseVariable)
	sums, err := os.ReadFile(filepath.Join(release, "checksums.txt"))
	if err != nil {
		t.Fatal(err)
	}
	c.write(t, ".github/setup/checksums.txt", string(sums), 0o644)
	handler, err := gittest.Handler(t.Context(), forge, "Basic "+base64.StdEncoding.EncodeToString([]byte("x-access-token:"+jobToken)))
	if err != nil {
		t.Fatal(err)
	}
	hub := &github{head: head, mayNot: mayNot, git: handler, release: release}
	server := httptest.NewServer(hub)
	t.Cleanup(server.Close)
	results := filepath.Join(dir, "results")
	cmd := exec.CommandContext(t.Context(), os.Getenv(actVariable), event, "-C", clone, "-P", "ubuntu-latest=-self-hosted", "-e", eventFile,
		"--env", "GITHUB_API_URL="+server.URL+"/api/v3", "--env", "GITHUB_SERVER_URL="+server.URL, "--env", "GITHUB_REPOSITORY=acme/app",
		"--env", "RELEASES="+server.URL+"/releases", "--env", "RESULTS="+results, "--env", "GIT_CONFIG_GLOBAL=/dev/null", "-s", "GITHUB_TOKEN="+jobToken,
		"--local-repository", "acme/gate@v1="+c.dir, "--no-cache-server", "--json")
	cmd.Dir = filepath.Join(dir, "nothing")
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + filepath.Join(dir, "home")}
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	run := jobRun{ended: ended{Failed: err != nil}, log: rawLog(t, out), hub: hub}
	run.orders = ordersIn(run.log)
	for _, o := range run.orders {
		run.Orders = append(run.Orders, o.name)
	}
	// A check's annotations come in batches, which its conclusion ends.
	run.Wrote = slices.DeleteFunc(slices.Clone(hub.wrote), func(w string) bool {
		return strings.HasPrefix(w, "PATCH /check-runs/") && !strings.HasSuffix(w, " failure")
	})
	if err := json.Unmarshal([]byte(readIfThere(t, filepath.Join(results, "outputs.json"))), &run.Outputs); err != nil {
		t.Fatalf("outputs: %v\n%s\n%s", err, run.log, stderr.String())
	}
	if env := readIfThere(t, filepath.Join(results, "env")); env != "unset\n" {
		t.Errorf("a variable of the job is set: %q", env)
	}
	return run
}

// rawLog is what the steps printed, byte for byte: what act itself takes for a command
// is not what GitHub's runner does.
func rawLog(t *testing.T, out []byte) string {
	t.Helper()
	var log strings.Builder
	for line := range bytes.Lines(out) {
		var entry struct {
			Msg, Raw  string
			RawOutput bool `json:"raw_output"`
		}
		if err := json.Unmarshal(line, &entry); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		switch {
		case entry.RawOutput:
			log.WriteString(entry.Msg)
		case entry.Raw != "":
			log.WriteString(entry.Raw)
		}
	}
	return log.String()
}

// TestOnARunner has the real action.yml run by a runner on every event, on a repository
// that tries to be more than it is. The program is the release's, by its checksum.
func TestOnARunner(t *testing.T) {
	if os.Getenv(actVariable) == "" || os.Getenv(releaseVariable) == "" {
		t.Logf("left out: the action on a runner; set %s to the path of act and %s to a folder of .ci/release", actVariable, releaseVariable)
		return
	}
	push := []string{"POST /check-runs boltseal → main of the head", "PATCH /check-runs/1 boltseal → main failure"}
	pull := append([]string{"POST /issues/7/comments"}, push...)
	for _, tt := range []struct {
		name, event string
		mayNot      bool
		wrote       []string
	}{
		{"a pull request", "pull_request", false, pull},
		{"a pull request from a fork", "pull_request", true, nil},
		{"a pull request with the target's rights", "pull_request_target", false, pull},
		{"a merge queue", "merge_group", false, push},
		{"a push", "push", false, push},
		{"a schedule", "schedule", false, push},
		{"by hand", "workflow_dispatch", false, push},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := onEvent(t, tt.event, evil, tt.mayNot)
			if !got.Failed || got.Outputs["verdict"] != "blocked" || got.Outputs["exit-code"] != "1" {
				t.Errorf("want blocked, got %+v\n%s", got.ended, got.log)
			}
			if diff := cmp.Diff(tt.wrote, got.Wrote); diff != "" {
				t.Errorf("%s\n%s", diff, got.log)
			}
			got.stays(t)
			tame := make([]string, len(evil))
			for i := range tame {
				tame[i] = fmt.Sprintf("%c-tame", 'a'+i)
			}
			want := onEvent(t, tt.event, tame, tt.mayNot)
			if diff := cmp.Diff(want.comparable(), got.comparable()); diff != "" {
				t.Errorf("the names of files change more than their own text: %s\n%s", diff, got.log)
			}
		})
	}
}

// comparable is what does not depend on the text of anything.
func (r jobRun) comparable() ended {
	e := r.ended
	e.Outputs = maps.Clone(e.Outputs)
	return e
}

// stays checks that nothing of the repository got out of its place.
func (r jobRun) stays(t *testing.T) {
	t.Helper()
	stopped, annotations := 0, map[string]int{}
	for _, o := range r.orders {
		switch o.name {
		case "stop-commands":
			stopped++
		case "resume":
			stopped--
		case "error", "warning":
			annotations[o.name]++
			for property := range strings.SplitSeq(o.properties, ",") {
				name, _, _ := strings.Cut(property, "=")
				if !slices.Contains([]string{"file", "line", "endLine", "title"}, name) {
					t.Errorf("an annotation with %q: %+v", property, o)
				}
			}
		default:
			t.Errorf("the runner obeys %+v", o)
		}
	}
	if stopped != 0 || annotations["error"] > 10 || annotations["warning"] > 10 || r.hub.mayNot && annotations["error"] == 0 {
		t.Errorf("commands stay stopped (%d), or annotations are lost: %v", stopped, annotations)
	}
	if strings.Contains(r.log+strings.Join(r.hub.bodies, ""), jobToken) {
		t.Error("the token is told")
	}
	if len(r.hub.fetched) != 1 || len(r.hub.leaked) > 0 {
		t.Errorf("fetched of the release: %v, with credentials %v", r.hub.fetched, r.hub.leaked)
	}
	for _, text := range r.hub.comments {
		if len(text) > 65_536 || !strings.HasPrefix(text, "<!-- boltseal:gate:") || strings.Contains(text, "<!-- boltseal:gate:0") {
			t.Errorf("a comment of %d bytes, or with a marker of somebody else's: %.500s", len(text), text)
		}
	}
}
