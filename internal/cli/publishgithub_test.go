package cli_test

import (
	"bytes"
	"encoding/json"
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
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/boltseal/boltseal/internal/cli"
	"github.com/boltseal/boltseal/internal/git/gittest"
)

const publishToken = "a-token-that-nobody-may-see"

// api is the least of GitHub that ci needs. What it is asked to write it remembers.
type api struct {
	mu     sync.Mutex
	wrote  []string
	status int // of every request that writes, 0 for success
	head   string
	pulls  string
	bodies []string
	adds   string // to what is said of a status
}

func (a *api) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	body, _ := io.ReadAll(r.Body)
	path := strings.TrimPrefix(r.URL.Path, "/repos/acme/app")
	switch {
	case r.URL.Path == "/graphql":
		fmt.Fprint(w, `{"data":{"viewer":{"login":"github-actions[bot]"}}}`)
	case r.Method == http.MethodGet && path == "":
		fmt.Fprint(w, `{"name":"app","owner":{"login":"acme"}}`)
	case r.Method == http.MethodGet && path == "/pulls/7":
		fmt.Fprintf(w, `{"number":7,"head":{"sha":%q},"base":{"ref":"main"}}`, a.head)
	case r.Method == http.MethodGet && path == "/pulls":
		fmt.Fprint(w, a.pulls)
	case r.Method == http.MethodGet && path == "/pulls/7/files":
		fmt.Fprint(w, `[{"filename":"Dockerfile","patch":"@@ -0,0 +1,3 @@\n+FROM scratch\n+MAINTAINER me\n+USER 1000"}]`)
	case r.Method == http.MethodGet && strings.HasPrefix(path, "/code-scanning"):
		fmt.Fprint(w, `{"processing_status":"complete"}`)
	case r.Method == http.MethodGet:
		fmt.Fprint(w, `[]`)
	case a.status != 0:
		w.WriteHeader(a.status)
		fmt.Fprintf(w, `{"message":"Resource not accessible by integration%s"}`, a.adds)
	default:
		a.bodies = append(a.bodies, string(body))
		var in struct{ Name, Conclusion string }
		_ = json.Unmarshal(body, &in)
		a.wrote = append(a.wrote, strings.TrimSpace(fmt.Sprint(r.Method, " ", path, " ", in.Name, " ", in.Conclusion)))
		fmt.Fprint(w, `{"id":1}`)
	}
}

// change is a pull request's checkout, and the runner's variables for it.
type change struct {
	dir    string
	env    map[string]string
	server *api
	below  string // folder of the checkout that commands run in
}

func newChange(t *testing.T, dockerfile string) *change {
	t.Helper()
	dir := t.TempDir()
	repo := filepath.Join(dir, "repo")
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(repo, 0o700); err != nil {
		t.Fatal(err)
	}
	write("repo/Dockerfile", dockerfile)
	git := func(args ...string) string {
		cmd := exec.CommandContext(t.Context(), "git", append([]string{"-C", repo, "-c", "user.name=x", "-c", "user.email=x@example.com"}, args...)...)
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("git %s: %v: %s", args, err, out)
		}
		return strings.TrimSpace(string(out))
	}
	bare := filepath.Join(dir, "forge", "acme", "app.git")
	if err := os.MkdirAll(bare, 0o700); err != nil {
		t.Fatal(err)
	}
	handler, err := gittest.Handler(t.Context(), filepath.Join(dir, "forge"), forgeHeader)
	if err != nil {
		t.Fatal(err)
	}
	forge := httptest.NewServer(handler)
	t.Cleanup(forge.Close)
	git("init", "-q", "-b", "main")
	git("init", "-q", "-b", "main", "--bare", bare)
	git("config", "http."+forge.URL+"/.extraheader", "AUTHORIZATION: "+forgeHeader)
	git("commit", "-q", "--allow-empty", "-m", "base")
	git("push", "-q", bare, "main")
	base := git("rev-parse", "HEAD")
	git("add", ".")
	git("commit", "-q", "-m", "change")
	git("push", "-q", bare, "main:refs/pull/7/head")
	head := git("rev-parse", "HEAD")
	write("event.json", fmt.Sprintf(`{"repository":{"default_branch":"main"},"pull_request":{"number":7,"head":{"sha":%q},"base":{"ref":"main","sha":%q}}}`, head, base))
	server := &api{head: head}
	loopback := httptest.NewServer(server)
	t.Cleanup(loopback.Close)
	return &change{dir: dir, server: server, env: map[string]string{
		"GITHUB_ACTIONS": "true", "GITHUB_EVENT_NAME": "pull_request", "GITHUB_EVENT_PATH": filepath.Join(dir, "event.json"),
		"GITHUB_REPOSITORY": "acme/app", "GITHUB_SHA": head, "GITHUB_REF": "refs/pull/7/merge", "GITHUB_BASE_REF": "main",
		"GITHUB_OUTPUT": filepath.Join(dir, "output"), "GITHUB_STEP_SUMMARY": filepath.Join(dir, "summary"),
		"GITHUB_API_URL": loopback.URL, "GITHUB_SERVER_URL": forge.URL, "BOLTSEAL_GITHUB_TOKEN": publishToken, "PATH": os.Getenv("PATH"),
	}}
}

// git runs git in the checkout.
func (c *change) git(t *testing.T, args ...string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "git", append([]string{"-C", filepath.Join(c.dir, "repo")}, args...)...).CombinedOutput()
	if err != nil {
		t.Fatalf("git %s: %v: %s", args, err, out)
	}
	return strings.TrimSpace(string(out))
}

// ci runs ci and gives its exit code and everything that it printed.
func (c *change) ci(t *testing.T, args ...string) (code int, printed string) {
	t.Helper()
	var out bytes.Buffer
	args = append([]string{"ci", "--path", filepath.Join(c.dir, "repo"), "--output-dir", filepath.Join(c.dir, "out"), "--scanners", "dockerfile"}, args...)
	code = cli.Main(t.Context(), args, cli.System{
		Stdin: strings.NewReader(""), Stdout: &out, Stderr: &out, Getenv: func(name string) string { return c.env[name] },
		Now: func() time.Time { return time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC) },
	})
	return code, out.String()
}

const (
	badDockerfile  = "FROM scratch\nMAINTAINER me\nUSER 1000\n"
	goodDockerfile = "FROM scratch\nUSER 1000\n"
)

func TestCIPublishesOnGitHub(t *testing.T) {
	c := newChange(t, badDockerfile)
	code, printed := c.ci(t, "--upload-sarif=false")
	if code != 1 || strings.Contains(printed, "publishing") || strings.Contains(printed, "::error file=") {
		t.Errorf("exit %d:\n%s", code, printed)
	}
	want := []string{"POST /issues/7/comments", "POST /pulls/7/reviews", "POST /check-runs boltseal dockerfile → main failure"}
	if diff := cmp.Diff(want, c.server.wrote); diff != "" {
		t.Errorf("%s\n%s", diff, printed)
	}
}

// published are the marker of the gate's comment and the name of its check.
func (a *api) published(t *testing.T) (marker, check string) {
	t.Helper()
	for i, wrote := range a.wrote {
		var in struct{ Name, Body string }
		if err := json.Unmarshal([]byte(a.bodies[i]), &in); err != nil {
			t.Fatal(err)
		}
		switch {
		case strings.HasPrefix(wrote, "POST /issues/7/comments"):
			marker, _, _ = strings.Cut(in.Body, "\n")
		case strings.HasPrefix(wrote, "POST /check-runs"):
			check = in.Name
		}
	}
	return marker, check
}

func TestJobsThatLookAtOtherThingsAreToldApart(t *testing.T) {
	long := "docker-archive:" + strings.Repeat("long/", 20)
	c := newChange(t, badDockerfile)
	sub := filepath.Join(c.dir, "repo", "sub")
	if err := os.Mkdir(sub, 0o700); err != nil {
		t.Fatal(err)
	}
	markers, checks := make(map[string]string), make(map[string]string)
	for name, args := range map[string][]string{
		"the plain one":    nil,
		"a scanner less":   {"--scanners", "dockerfile,secrets"},
		"an image":         {"--image", "docker-archive:a.tar"},
		"two images":       {"--image", "docker-archive:a.tar", "--image", "docker-archive:b.tar"},
		"a long name":      {"--image", long + "a"},
		"a long name more": {"--image", long + "b"},
		"another folder":   {"--path", sub},
		"a name":           {"--category", "night"},
	} {
		c.server.wrote, c.server.bodies = nil, nil
		_, printed := c.ci(t, append([]string{"--upload-sarif=false", "--review=false"}, args...)...)
		marker, check := c.server.published(t)
		if marker == "" || check == "" {
			t.Fatalf("%s: published %v\n%s", name, c.server.wrote, printed)
		}
		if other, taken := markers[marker]; taken {
			t.Errorf("%s and %s share a comment", name, other)
		}
		if other, taken := checks[check]; taken {
			t.Errorf("%s and %s share the check %q", name, other, check)
		}
		markers[marker], checks[check] = name, name
	}
	// The order in which scanners are named means nothing.
	c.server.wrote, c.server.bodies = nil, nil
	c.ci(t, "--upload-sarif=false", "--review=false", "--scanners", "secrets, dockerfile")
	if marker, _ := c.server.published(t); markers[marker] != "a scanner less" {
		t.Errorf("the same scanners in another order are %q", markers[marker])
	}
}

func TestARefusedRunIsTheSameGate(t *testing.T) {
	c := newChange(t, badDockerfile)
	args := []string{"--upload-sarif=false", "--review=false", "--scanners", " dockerfile, secrets"}
	c.ci(t, args...)
	marker, check := c.server.published(t)
	c.server.wrote, c.server.bodies = nil, nil
	c.env["GITHUB_SERVER_URL"] = "http://127.0.0.1:1"
	code, printed := c.ci(t, args...)
	if again, name := c.server.published(t); code != 3 || again != marker || name != check || marker == "" {
		t.Errorf("exit %d: the comment %q became %q, the check %q %q\n%s", code, marker, again, check, name, printed)
	}
}

func TestAPublishingFailureChangesNoVerdict(t *testing.T) {
	for name, c := range map[string]struct {
		dockerfile string
		args       []string
		env        map[string]string
		status     int
		code       int
		says       string
	}{
		"a fork's token, and a block":             {badDockerfile, nil, nil, 403, 1, "as that of a pull request from a fork"},
		"a fork's token, and a pass":              {goodDockerfile, nil, nil, 403, 0, "as that of a pull request from a fork"},
		"a fork's token, and it must":             {goodDockerfile, []string{"--require-publish"}, nil, 403, 3, "Resource not accessible"},
		"a block stands, whatever must":           {badDockerfile, []string{"--require-publish"}, nil, 403, 1, "Resource not accessible"},
		"no token":                                {badDockerfile, nil, map[string]string{"BOLTSEAL_GITHUB_TOKEN": ""}, 0, 1, "::error file=Dockerfile,line=2"},
		"no token, and it must":                   {goodDockerfile, []string{"--require-publish"}, map[string]string{"BOLTSEAL_GITHUB_TOKEN": ""}, 0, 3, "there is no token"},
		"nothing to show, and it must":            {goodDockerfile, []string{"--require-publish", "--check=false", "--comment=false", "--review=false"}, nil, 0, 3, "nothing was to be published"},
		"neither that nor a token":                {goodDockerfile, []string{"--require-publish", "--check=false", "--comment=false", "--review=false"}, map[string]string{"BOLTSEAL_GITHUB_TOKEN": ""}, 0, 3, "nothing was to be published"},
		"nothing to show":                         {goodDockerfile, []string{"--check=false", "--comment=false", "--review=false"}, nil, 0, 0, "pass"},
		"no event":                                {badDockerfile, nil, map[string]string{"GITHUB_EVENT_PATH": ""}, 0, 3, "names no pull request"},
		"a token for plain http":                  {goodDockerfile, nil, map[string]string{"GITHUB_API_URL": "http://192.0.2.1/"}, 0, 0, "https only"},
		"it must, and there is nobody to show it": {goodDockerfile, []string{"--require-publish"}, map[string]string{"GITHUB_ACTIONS": ""}, 0, 3, "no job of GitHub Actions"},
	} {
		t.Run(name, func(t *testing.T) {
			change := newChange(t, c.dockerfile)
			change.server.status = c.status
			maps.Copy(change.env, c.env)
			code, printed := change.ci(t, append([]string{"--upload-sarif=false"}, c.args...)...)
			if code != c.code || !strings.Contains(printed, c.says) {
				t.Errorf("exit %d, want %d and %q:\n%s", code, c.code, c.says, printed)
			}
			if strings.Contains(printed, publishToken) {
				t.Errorf("the token is in the log:\n%s", printed)
			}
			if c.status == 403 && c.code == 1 && !strings.Contains(printed, "::error file=Dockerfile,line=2,endLine=2") {
				t.Errorf("no annotation:\n%s", printed)
			}
			if slices.ContainsFunc(change.server.wrote, func(s string) bool { return strings.Contains(s, "success") }) && c.code != 0 {
				t.Errorf("a success was published: %v", change.server.wrote)
			}
		})
	}
}

// A forge's words can hold text of the change.
func TestAPublishingFailureTellsNoSecret(t *testing.T) {
	secret := "gh" + "p_" + strings.Repeat("x7Kq9ZtR4m", 3) + "Wd8sYv"
	for _, require := range []string{"--require-publish=false", "--require-publish"} {
		c := newChange(t, badDockerfile)
		c.server.status, c.server.adds = 422, ": no file "+secret
		_, printed := c.ci(t, "--upload-sarif=false", require)
		if !strings.Contains(printed, ": no file ") || strings.Contains(printed, secret) {
			t.Errorf("%s:\n%s", require, printed)
		}
	}
}

// shards runs n shards of a change, and gives the run files.
func (c *change) shards(t *testing.T, n int, args ...string) []string {
	t.Helper()
	var files []string
	for i := 1; i <= n; i++ {
		out := filepath.Join(c.dir, fmt.Sprint("out-", i))
		c.ci(t, append([]string{"--shard", fmt.Sprintf("%d/%d", i, n), "--output-dir", out}, args...)...)
		files = append(files, filepath.Join(out, "boltseal.json"))
	}
	return files
}

// command runs a command in the checkout, and gives its exit code and what it printed.
func (c *change) command(t *testing.T, args ...string) (code int, printed string) {
	t.Helper()
	var out bytes.Buffer
	t.Chdir(filepath.Join(c.dir, "repo", c.below))
	code = cli.Main(t.Context(), args, cli.System{
		Stdin: strings.NewReader(""), Stdout: &out, Stderr: &out, Getenv: func(name string) string { return c.env[name] },
		Now: func() time.Time { return time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC) },
	})
	return code, out.String()
}

func TestShardsPublishNothingAndTheirMergeDoes(t *testing.T) {
	c := newChange(t, badDockerfile)
	t.Chdir(filepath.Join(c.dir, "repo"))
	files := c.shards(t, 2, "--path", ".")
	if len(c.server.wrote) > 0 {
		t.Errorf("the shards published %v", c.server.wrote)
	}
	code, printed := c.command(t, append([]string{"merge", "--upload-sarif=false", "--output-dir", filepath.Join(c.dir, "merged")}, files...)...)
	want := []string{"POST /issues/7/comments", "POST /pulls/7/reviews", "POST /check-runs boltseal → main failure"}
	if diff := cmp.Diff(want, c.server.wrote); diff != "" || code != 1 {
		t.Errorf("exit %d: %s\n%s", code, diff, printed)
	}
	// A lost shard is told, and is no success.
	c.server.wrote = nil
	code, printed = c.command(t, "merge", "--upload-sarif=false", "--comment=false", "--review=false", "--output-dir", filepath.Join(c.dir, "merged"), files[1])
	if diff := cmp.Diff([]string{"POST /check-runs boltseal → main failure"}, c.server.wrote); diff != "" || code == 0 {
		t.Errorf("exit %d: %s\n%s", code, diff, printed)
	}
}

func TestAShardThatWasRefusedPublishesNothing(t *testing.T) {
	c := newChange(t, badDockerfile)
	c.env["GITHUB_SERVER_URL"] = "http://127.0.0.1:1"
	if code, printed := c.ci(t, "--shard", "1/2"); code != 3 || len(c.server.wrote) > 0 {
		t.Errorf("exit %d, published %v\n%s", code, c.server.wrote, printed)
	}
}

func TestNoShardMustPublish(t *testing.T) {
	c := newChange(t, badDockerfile)
	if code, printed := c.ci(t, "--shard", "1/2", "--require-publish"); code != 2 || !strings.Contains(printed, "boltseal merge publishes") {
		t.Errorf("exit %d: %s", code, printed)
	}
	files := c.shards(t, 1)
	c.env["BOLTSEAL_GITHUB_TOKEN"] = ""
	if code, printed := c.command(t, "merge", "--require-publish", "--warn-only", files[0]); code != 3 || !strings.Contains(printed, "there is no token") {
		t.Errorf("exit %d: %s", code, printed)
	}
	local := filepath.Join(c.dir, "local.json")
	c = newChange(t, goodDockerfile)
	c.env["GITHUB_ACTIONS"] = ""
	c.command(t, "scan", "--scanners", "dockerfile", "-f", "json="+local)
	if code, printed := c.command(t, "merge", "--require-publish", local); code != 3 || !strings.Contains(printed, "this is no CI job") {
		t.Errorf("exit %d: %s", code, printed)
	}
}

// With the target's rights what is scanned is the change, and the check is of its commit.
func TestACheckIsOfTheCommitThatWasFetched(t *testing.T) {
	c := newChange(t, badDockerfile)
	base := c.git(t, "rev-parse", "HEAD^")
	c.git(t, "reset", "-q", "--hard", base)
	c.git(t, "reflog", "expire", "--expire=now", "--all")
	c.git(t, "prune", "--expire=now")
	c.env["GITHUB_EVENT_NAME"], c.env["GITHUB_SHA"], c.env["GITHUB_REF"] = "pull_request_target", base, "refs/heads/main"
	code, printed := c.ci(t, "--upload-sarif=false")
	if code != 1 || !strings.Contains(printed, "Dockerfile") || !strings.Contains(printed, "scanned as it was fetched") {
		t.Errorf("exit %d:\n%s", code, printed)
	}
	want := []string{"POST /issues/7/comments", "POST /pulls/7/reviews", "POST /check-runs boltseal dockerfile → main failure"}
	if diff := cmp.Diff(want, c.server.wrote); diff != "" {
		t.Errorf("%s\n%s", diff, printed)
	}
	if last := c.server.bodies[len(c.server.bodies)-1]; !strings.Contains(last, c.server.head) || strings.Contains(last, base) {
		t.Errorf("the check is of another commit: %s", last)
	}
	if _, err := os.Stat(filepath.Join(c.dir, "repo", "Dockerfile")); err == nil {
		t.Error("it was checked out")
	}
}

const forkHead = "4444444444444444444444444444444444444444"

// fork is a repository with a workflow_run job of a fork's pull request in it.
func newFork(t *testing.T) *change {
	t.Helper()
	c := newChange(t, goodDockerfile)
	event := `{"repository":{"default_branch":"main"},"workflow_run":{"name":"gate","event":"pull_request","head_branch":"patch-1","head_sha":"` + forkHead + `","head_repository":{"full_name":"mallory/app"},"pull_requests":[]}}`
	if err := os.WriteFile(filepath.Join(c.dir, "event.json"), []byte(event), 0o600); err != nil {
		t.Fatal(err)
	}
	c.env["GITHUB_EVENT_NAME"], c.env["GITHUB_REF"], c.env["GITHUB_RUN_ID"] = "workflow_run", "refs/heads/main", "5"
	c.server.pulls = `[{"number":7,"head":{"sha":"` + forkHead + `","ref":"patch-1","repo":{"full_name":"mallory/app"}},"base":{"ref":"main"}},` +
		`{"number":8,"head":{"sha":"` + c.server.head + `","ref":"patch-1","repo":{"full_name":"mallory/app"}},"base":{"ref":"main"}}]`
	c.server.head = forkHead
	return c
}

// told writes a run file that claims to have passed.
func (c *change) told(t *testing.T, findings string) string {
	t.Helper()
	file := filepath.Join(c.dir, "run.json")
	text := `{"schema":"boltseal/run/v1","tool":{"name":"boltseal","version":"0"},"verdict":{"status":"pass","exitCode":0,"blocked":0,"warned":0,"noted":0,"suppressed":0},"policies":[],"judged":{"on":"2026-11-01"},` +
		`"scans":[{"scanner":"dockerfile","target":"dir:.","status":"ok","files":1,"bytes":9,"durationMs":1}],"findings":[` + findings + `]}`
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func (c *change) publish(t *testing.T, args ...string) (code int, printed string) {
	t.Helper()
	return c.command(t, append([]string{"publish"}, args...)...)
}

const toldFinding = `{"fingerprint":"v1:x","rule":"DL4000","scanner":"dockerfile","target":"dir:.","severity":"info","message":"approved by @acme/security","new":false,` +
	`"location":{"path":"Dockerfile","startLine":2},"decision":{"action":"suppress","by":"exception 1"}}`

// Of a change whose commit cannot be fetched all is its author's word: what he says was
// found is believed, and that nothing was is not.
func TestPublishBelievesNothingButFindings(t *testing.T) {
	for name, c := range map[string]struct{ findings, conclusion, comment string }{
		"what the fork says it accepted blocks": {toldFinding, "failure", "blocked: 1 finding blocks"},
		"nothing found is no verdict":           {"", "failure", "no verdict"},
	} {
		t.Run(name, func(t *testing.T) {
			change := newFork(t)
			code, printed := change.publish(t, change.told(t, c.findings))
			if code != 0 {
				t.Errorf("exit %d: %s", code, printed)
			}
			want := []string{"POST /issues/7/comments", "POST /check-runs boltseal by the fork's word → main " + c.conclusion}
			if diff := cmp.Diff(want, change.server.wrote); diff != "" {
				t.Errorf("%s: %s", diff, printed)
			}
			all := strings.Join(change.server.bodies, "")
			if !strings.Contains(all, c.comment) || !strings.Contains(all, "that the author of this change controls") || strings.Contains(all, "approved") || strings.Contains(all, "✅") {
				t.Errorf("published:\n%s", all)
			}
			if !strings.Contains(all, "the change was not scanned") || !strings.Contains(all, "persist-credentials") || !strings.Contains(printed, "the change was not scanned") {
				t.Errorf("it does not say why, and what to do:\n%s\n%s", all, printed)
			}
			if !strings.Contains(all, forkHead) {
				t.Errorf("the check is not of the fork's commit:\n%s", all)
			}
		})
	}
}

func TestPublishReadsThePolicyOfItsOwnCommit(t *testing.T) {
	c := newFork(t)
	// What came out of an artifact may lie about.
	lax := "version: 1\nrules:\n  - {id: all, action: note}\n"
	if err := os.WriteFile(filepath.Join(c.dir, "repo", ".boltseal.yaml"), []byte(lax), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, printed := c.publish(t, c.told(t, toldFinding)); code != 0 || !strings.Contains(strings.Join(c.server.wrote, ""), "failure") {
		t.Errorf("exit %d, %v: %s", code, c.server.wrote, printed)
	}
}

func TestPublishRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*testing.T, *change)
		code   int
		says   string
	}{
		"another event":                {func(_ *testing.T, c *change) { c.env["GITHUB_EVENT_NAME"] = "pull_request" }, 2, "workflow_run"},
		"no token":                     {func(_ *testing.T, c *change) { c.env["BOLTSEAL_GITHUB_TOKEN"] = "" }, 2, "no token"},
		"a policy that cannot be read": {func(_ *testing.T, c *change) { c.env["GITHUB_SERVER_URL"] = "http://127.0.0.1:1" }, 3, "the policy cannot be read where it is trusted"},
		"a pull request that moved on": {func(_ *testing.T, c *change) { c.server.pulls = "[]" }, 3, "no open pull request"},
		"another fork's branch of that name": {func(_ *testing.T, c *change) {
			c.server.pulls = strings.ReplaceAll(c.server.pulls, "mallory/app", "eve/app")
		}, 3, "no open pull request"},
		"a token that may not": {func(_ *testing.T, c *change) { c.server.status = 403 }, 3, "Resource not accessible"},
		"a pull request of the repository itself": {func(t *testing.T, c *change) {
			event := `{"workflow_run":{"event":"pull_request","head_branch":"x","head_sha":"` + forkHead + `","head_repository":{"full_name":"acme/app"}}}`
			if err := os.WriteFile(c.env["GITHUB_EVENT_PATH"], []byte(event), 0o600); err != nil {
				t.Fatal(err)
			}
		}, 0, "nothing to publish"},
		"a workflow of a push": {func(t *testing.T, c *change) {
			if err := os.WriteFile(c.env["GITHUB_EVENT_PATH"], []byte(`{"workflow_run":{"event":"push"}}`), 0o600); err != nil {
				t.Fatal(err)
			}
		}, 0, "nothing to publish"},
	} {
		t.Run(name, func(t *testing.T) {
			change := newFork(t)
			c.change(t, change)
			code, printed := change.publish(t, change.told(t, toldFinding))
			if code != c.code || !strings.Contains(printed, c.says) || len(change.server.wrote) > 0 {
				t.Errorf("exit %d, want %d and %q, wrote %v:\n%s", code, c.code, c.says, change.server.wrote, printed)
			}
		})
	}
}

func TestPublishTakesNoFileThatIsNone(t *testing.T) {
	c := newFork(t)
	file := c.told(t, "{")
	if code, printed := c.publish(t, file); code != 3 || len(c.server.wrote) > 0 {
		t.Errorf("exit %d: %s", code, printed)
	}
}
