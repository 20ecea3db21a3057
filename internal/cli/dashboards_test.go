package cli_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

const webhookSecret, dojoToken = "what-the-receiver-knows", "of-the-dojo"

// receiver is a webhook and a DefectDojo.
type receiver struct {
	mu     sync.Mutex
	status int
	hooks  []string // bodies whose signature is right
	forms  []map[string]string
	bad    []string
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.status != 0 {
		w.WriteHeader(r.status)
		return
	}
	if req.URL.Path == "/api/v2/reimport-scan/" && req.Header.Get("Authorization") == "Token "+dojoToken && req.ParseMultipartForm(1<<22) == nil {
		form := map[string]string{}
		for k, v := range req.MultipartForm.Value {
			form[k] = v[0]
		}
		r.forms = append(r.forms, form)
		return
	}
	body, _ := io.ReadAll(req.Body)
	mac := hmac.New(sha256.New, []byte(webhookSecret))
	mac.Write(body)
	if req.Header.Get("X-Boltseal-Signature-256") != "sha256="+hex.EncodeToString(mac.Sum(nil)) || !json.Valid(body) {
		r.bad = append(r.bad, req.URL.Path)
		return
	}
	r.hooks = append(r.hooks, string(body))
}

func gitIn(t *testing.T, dir string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "git", append([]string{"-C", dir, "-c", "user.name=x", "-c", "user.email=x@example.com"}, args...)...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("git %s: %v: %s", args, err, out)
	}
	return strings.TrimSpace(string(out))
}

func commitFile(t *testing.T, dir, name, text string) string {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	gitIn(t, dir, "add", name)
	gitIn(t, dir, "commit", "-q", "-m", name)
	return gitIn(t, dir, "rev-parse", "HEAD")
}

// newSending is a merge request on GitLab whose target branch has this policy.
func newSending(t *testing.T, dockerfile, policy string) (*change, *receiver) {
	t.Helper()
	c, _ := newMerge(t, dockerfile)
	r := &receiver{}
	server := httptest.NewServer(r)
	t.Cleanup(server.Close)
	bare, main := filepath.Join(c.dir, "forge", "acme", "app.git"), filepath.Join(c.dir, "main")
	gitIn(t, c.dir, "clone", "-q", "-b", "main", bare, main)
	commitFile(t, main, ".boltseal.yaml", "version: 1\ntrust: {may-set: [scanners]}\nreport:\n"+strings.ReplaceAll(policy, "$SERVER", server.URL))
	gitIn(t, main, "push", "-q", "origin", "main")
	maps.Copy(c.env, map[string]string{"BOLTSEAL_GITLAB_TOKEN": "", "BOLTSEAL_WEBHOOK_SECRET": webhookSecret, "BOLTSEAL_DEFECTDOJO_TOKEN": dojoToken})
	return c, r
}

// pushed makes the job one of a push to the default branch.
func (c *change) pushed(t *testing.T, dockerfile string) {
	t.Helper()
	repo := filepath.Join(c.dir, "repo")
	gitIn(t, repo, "fetch", "-q", filepath.Join(c.dir, "forge", "acme", "app.git"), "main")
	gitIn(t, repo, "checkout", "-q", "-B", "main", "FETCH_HEAD")
	sha := commitFile(t, repo, "Dockerfile", dockerfile)
	gitIn(t, repo, "push", "-q", filepath.Join(c.dir, "forge", "acme", "app.git"), "main")
	for name := range c.env {
		if strings.HasPrefix(name, "CI_MERGE_REQUEST_") {
			delete(c.env, name)
		}
	}
	maps.Copy(c.env, map[string]string{"CI_COMMIT_SHA": sha, "CI_COMMIT_BRANCH": "main", "CI_PIPELINE_SOURCE": "push"})
}

const (
	hookYAML = "  webhooks: [{url: \"$SERVER/in?key=hidden\", secret-env: BOLTSEAL_WEBHOOK_SECRET}]\n"
	dojoYAML = "  defectdojo: {url: $SERVER, token-env: BOLTSEAL_DEFECTDOJO_TOKEN, product: app, engagement: ci}\n"
)

func must(yaml string) string { return strings.ReplaceAll(yaml, "}", ", required: true}") }

func TestResultsGoWhereTheTrustedPolicySays(t *testing.T) {
	for name, c := range map[string]struct {
		policy     string
		dockerfile string
		push       bool
		args       []string
		env        map[string]string
		status     int
		code       int
		hooks      int
		forms      int
		says       string
	}{
		"a change":                      {hookYAML, badDockerfile, false, nil, nil, 0, 1, 1, 0, ""},
		"a change that passes":          {hookYAML, goodDockerfile, false, nil, nil, 0, 0, 1, 0, ""},
		"pushes only, and a change":     {strings.Replace(hookYAML, "secret-env", "events: push, secret-env", 1), goodDockerfile, false, nil, nil, 0, 0, 0, 0, ""},
		"pushes only, and a push":       {strings.Replace(hookYAML, "secret-env", "events: push, secret-env", 1), goodDockerfile, true, nil, nil, 0, 0, 1, 0, ""},
		"SARIF":                         {strings.Replace(hookYAML, "secret-env", "format: sarif, secret-env", 1), badDockerfile, false, nil, nil, 0, 1, 1, 0, ""},
		"refused":                       {hookYAML, goodDockerfile, false, nil, nil, 403, 0, 0, 0, "the webhook gets nothing: 127.0.0.1: answers 403 Forbidden"},
		"refused, and required":         {must(hookYAML), goodDockerfile, false, nil, nil, 403, 3, 0, 0, "and the policy requires it: 127.0.0.1: answers 403"},
		"refused, and a block":          {must(hookYAML), badDockerfile, false, nil, nil, 403, 1, 0, 0, "and the policy requires it"},
		"no secret":                     {hookYAML, goodDockerfile, false, nil, map[string]string{"BOLTSEAL_WEBHOOK_SECRET": ""}, 0, 0, 0, 0, "the job has no BOLTSEAL_WEBHOOK_SECRET to sign with"},
		"offline":                       {hookYAML, goodDockerfile, true, []string{"--offline"}, nil, 0, 0, 0, 0, "the webhook gets nothing: --offline sends nothing"},
		"offline, and required":         {must(hookYAML), goodDockerfile, true, []string{"--offline"}, nil, 0, 3, 0, 0, "--offline sends nothing"},
		"a shard":                       {hookYAML, goodDockerfile, false, []string{"--shard", "1/2"}, nil, 0, 0, 0, 0, ""},
		"DefectDojo, and a change":      {must(dojoYAML), goodDockerfile, false, nil, nil, 0, 0, 0, 0, "this run is not about that"},
		"DefectDojo, and a push":        {dojoYAML, badDockerfile, true, nil, nil, 0, 1, 0, 1, ""},
		"DefectDojo, and a failed scan": {dojoYAML, goodDockerfile, true, []string{"--scanners", "dockerfile,packages"}, nil, 0, 3, 0, 0, "it would close what this run did not look for: packages"},
		"DefectDojo without a token":    {must(dojoYAML), goodDockerfile, true, nil, map[string]string{"BOLTSEAL_DEFECTDOJO_TOKEN": ""}, 0, 3, 0, 0, "the job has no token in BOLTSEAL_DEFECTDOJO_TOKEN"},
	} {
		t.Run(name, func(t *testing.T) {
			change, r := newSending(t, c.dockerfile, c.policy)
			if c.push {
				change.pushed(t, c.dockerfile)
			}
			if strings.Contains(strings.Join(c.args, ""), "packages") {
				commitFile(t, filepath.Join(change.dir, "repo"), "package-lock.json", `{"lockfileVersion":3,"packages":{"node_modules/a":{"version":"1.0.0"}}}`)
				gitIn(t, filepath.Join(change.dir, "repo"), "push", "-q", filepath.Join(change.dir, "forge", "acme", "app.git"), "main")
				change.env["CI_COMMIT_SHA"] = gitIn(t, filepath.Join(change.dir, "repo"), "rev-parse", "HEAD")
				change.env["BOLTSEAL_DB_SOURCE"] = "none"
			}
			maps.Copy(change.env, c.env)
			r.status = c.status
			code, printed := change.ci(t, c.args...)
			if code != c.code || !strings.Contains(printed, c.says) || len(r.bad) > 0 || len(r.hooks) != c.hooks || len(r.forms) != c.forms {
				t.Errorf("exit %d, %d messages, %d imports, wrong ones %v, want %+v:\n%s", code, len(r.hooks), len(r.forms), r.bad, c, printed)
			}
			for _, secret := range []string{webhookSecret, dojoToken, "key=hidden"} {
				if strings.Contains(printed, secret) {
					t.Errorf("%q is told:\n%s", secret, printed)
				}
			}
			for _, body := range r.hooks {
				if strings.Contains(body, "runs") != strings.Contains(c.policy, "sarif") || c.code == 1 && !strings.Contains(body, "DL4000") {
					t.Errorf("sent: %.300s", body)
				}
			}
			for _, form := range r.forms {
				if form["product_name"] != "app" || form["engagement_name"] != "ci" || form["scan_type"] != "SARIF" || form["branch_tag"] != "main" || form["commit_hash"] != change.env["CI_COMMIT_SHA"] {
					t.Errorf("imported: %v", form)
				}
			}
		})
	}
}

// What a change's own policy names is never asked.
func TestAChangeSendsNothing(t *testing.T) {
	c, r := newSending(t, badDockerfile, "  webhooks: [{url: \"$SERVER/in\", secret-env: BOLTSEAL_WEBHOOK_SECRET}]\n")
	evil := &receiver{}
	server := httptest.NewServer(evil)
	t.Cleanup(server.Close)
	repo := filepath.Join(c.dir, "repo")
	sha := commitFile(t, repo, ".boltseal.yaml", fmt.Sprintf("version: 1\nreport:\n  webhooks: [{url: \"%s/in\"}]\n", server.URL))
	gitIn(t, repo, "push", "-q", filepath.Join(c.dir, "forge", "acme", "app.git"), "HEAD:refs/heads/change")
	c.env["CI_COMMIT_SHA"] = sha
	code, printed := c.ci(t)
	if code != 1 || len(r.hooks) != 1 || len(evil.hooks)+len(evil.bad)+len(evil.forms) > 0 {
		t.Errorf("exit %d, %d messages where they may go, %d elsewhere:\n%s", code, len(r.hooks), len(evil.hooks)+len(evil.bad), printed)
	}
	// Outside of a job that is known nobody knows whose policy it is.
	for name := range c.env {
		if strings.HasPrefix(name, "CI_") || name == "GITLAB_CI" {
			delete(c.env, name)
		}
	}
	code, printed = c.command(t, "ci", "--path", ".", "--scanners", "dockerfile", "--output-dir", filepath.Join(c.dir, "out"))
	if code != 1 || len(evil.hooks)+len(evil.bad) > 0 || !strings.Contains(printed, "gets nothing: this is no CI job") {
		t.Errorf("exit %d:\n%s", code, printed)
	}
}

// Shards send nothing, and their merge the whole once.
func TestAMergeSendsTheWhole(t *testing.T) {
	c, r := newSending(t, badDockerfile, hookYAML)
	t.Chdir(filepath.Join(c.dir, "repo"))
	files := c.shards(t, 2, "--path", ".")
	if len(r.hooks) > 0 {
		t.Errorf("the shards sent %d messages", len(r.hooks))
	}
	code, printed := c.command(t, append([]string{"merge", "--output-dir", filepath.Join(c.dir, "merged")}, files...)...)
	if code != 1 || len(r.hooks) != 1 || !strings.Contains(r.hooks[0], "DL4000") {
		t.Errorf("exit %d, %d messages:\n%s", code, len(r.hooks), printed)
	}
}
