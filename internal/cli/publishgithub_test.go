package cli_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/boltseal/boltseal/internal/cli"
)

const publishToken = "a-token-that-nobody-may-see"

// api is the least of GitHub that ci needs. What it is asked to write it remembers.
type api struct {
	mu     sync.Mutex
	wrote  []string
	status int // of every request that writes, 0 for success
	head   string
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
	case r.Method == http.MethodGet && path == "/pulls/7/files":
		fmt.Fprint(w, `[{"filename":"Dockerfile","patch":"@@ -0,0 +1,3 @@\n+FROM scratch\n+MAINTAINER me\n+USER 1000"}]`)
	case r.Method == http.MethodGet && strings.HasPrefix(path, "/code-scanning"):
		fmt.Fprint(w, `{"processing_status":"complete"}`)
	case r.Method == http.MethodGet:
		fmt.Fprint(w, `[]`)
	case a.status != 0:
		w.WriteHeader(a.status)
		fmt.Fprint(w, `{"message":"Resource not accessible by integration"}`)
	default:
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
	git("init", "-q", "-b", "main")
	git("commit", "-q", "--allow-empty", "-m", "base")
	base := git("rev-parse", "HEAD")
	git("add", ".")
	git("commit", "-q", "-m", "change")
	head := git("rev-parse", "HEAD")
	write("event.json", fmt.Sprintf(`{"pull_request":{"number":7,"head":{"sha":%q},"base":{"ref":"main","sha":%q}}}`, head, base))
	server := &api{head: head}
	loopback := httptest.NewServer(server)
	t.Cleanup(loopback.Close)
	return &change{dir: dir, server: server, env: map[string]string{
		"GITHUB_ACTIONS": "true", "GITHUB_EVENT_NAME": "pull_request", "GITHUB_EVENT_PATH": filepath.Join(dir, "event.json"),
		"GITHUB_REPOSITORY": "acme/app", "GITHUB_SHA": head, "GITHUB_REF": "refs/pull/7/merge", "GITHUB_BASE_REF": "main",
		"GITHUB_OUTPUT": filepath.Join(dir, "output"), "GITHUB_STEP_SUMMARY": filepath.Join(dir, "summary"),
		"GITHUB_API_URL": loopback.URL, "BOLTSEAL_GITHUB_TOKEN": publishToken, "PATH": os.Getenv("PATH"),
	}}
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
	var wrote []string
	repo := regexp.MustCompile(`boltseal .* → main`)
	for _, w := range c.server.wrote {
		wrote = append(wrote, repo.ReplaceAllString(w, "boltseal PATH → main"))
	}
	want := []string{"POST /check-runs boltseal PATH → main failure", "POST /issues/7/comments", "POST /pulls/7/reviews"}
	if diff := cmp.Diff(want, wrote); diff != "" {
		t.Errorf("%s\n%s", diff, printed)
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
		"no event":                                {badDockerfile, nil, map[string]string{"GITHUB_EVENT_PATH": ""}, 0, 1, "names no pull request"},
		"a token for plain http":                  {goodDockerfile, nil, map[string]string{"GITHUB_API_URL": "http://192.0.2.1/"}, 0, 0, "https only"},
		"it must, and there is nobody to show it": {goodDockerfile, []string{"--require-publish"}, map[string]string{"GITHUB_ACTIONS": ""}, 0, 3, "no job of GitHub Actions"},
	} {
		t.Run(name, func(t *testing.T) {
			change := newChange(t, c.dockerfile)
			change.server.status = c.status
			for k, v := range c.env {
				change.env[k] = v
			}
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
