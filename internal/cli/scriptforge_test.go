package cli_test

import (
	"context"
	"encoding/json"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/boltseal/boltseal/internal/git/gittest"
)

// forgeHeader is what the forge of the scripts asks for.
const forgeHeader = "Basic eC1hY2Nlc3MtdG9rZW46dGVzdA=="

// inRepo runs git as the script's user, and gives the last word that it says.
func inRepo(ts *testscript.TestScript, dir string, args ...string) string {
	cmd := exec.Command("git", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL="+ts.Getenv("GIT_CONFIG_GLOBAL"), "GIT_CONFIG_NOSYSTEM=1")
	out, err := cmd.CombinedOutput()
	if err != nil {
		ts.Fatalf("git %v: %v\n%s", args, err, out)
	}
	words := strings.Fields(string(out))
	if len(words) == 0 {
		return ""
	}
	return words[len(words)-1]
}

// forge DIR makes a repository of a folder, whose first commit is the branch main of a
// forge on this machine.
func forge(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: forge DIR")
	}
	root := ts.MkAbs(ts.Getenv("WORK") + "/forge")
	bare := filepath.Join(root, "acme", "app.git")
	ts.Check(os.MkdirAll(bare, 0o755))
	inRepo(ts, bare, "init", "-q", "--bare", "-b", "main")
	ctx, cancel := context.WithCancel(context.Background())
	h, err := gittest.Handler(ctx, root, forgeHeader)
	ts.Check(err)
	server := httptest.NewServer(h)
	ts.Defer(func() { server.Close(); cancel() })
	dir := ts.MkAbs(args[0])
	inRepo(ts, dir, "init", "-q", "-b", "main")
	inRepo(ts, dir, "remote", "add", "origin", bare)
	inRepo(ts, dir, "add", "-A", "-f")
	inRepo(ts, dir, "commit", "-q", "-m", "base")
	inRepo(ts, dir, "push", "-q", "origin", "main")
	ts.Setenv("GITHUB_ACTIONS", "true")
	ts.Setenv("GITHUB_SERVER_URL", server.URL)
	ts.Setenv("GITHUB_REPOSITORY", "acme/app")
	ts.Setenv("GITHUB_OUTPUT", ts.MkAbs(ts.Getenv("WORK")+"/output"))
	ts.Setenv("GITHUB_STEP_SUMMARY", ts.MkAbs(ts.Getenv("WORK")+"/summary.md"))
	ts.Setenv("REPO", dir)
	ts.Setenv("BARE", bare)
}

// event sets the variables of a GitHub event and writes the event.
func event(ts *testscript.TestScript, name, ref, sha, base string, text map[string]any) {
	text["repository"] = map[string]any{"default_branch": "main"}
	data, err := json.Marshal(text)
	ts.Check(err)
	path := ts.MkAbs(ts.Getenv("WORK") + "/event.json")
	ts.Check(os.WriteFile(path, data, 0o600))
	for variable, value := range map[string]string{
		"GITHUB_EVENT_NAME": name, "GITHUB_EVENT_PATH": path, "GITHUB_REF": ref, "GITHUB_SHA": sha, "GITHUB_BASE_REF": base,
	} {
		ts.Setenv(variable, value)
	}
}

// checkout makes the folder pr, as actions/checkout does: of a ref of the forge, with
// all of history unless shallow.
func checkout(ts *testscript.TestScript, ref string, shallow bool) {
	dir := ts.MkAbs(ts.Getenv("WORK") + "/pr")
	ts.Check(os.RemoveAll(dir))
	ts.Check(os.MkdirAll(dir, 0o755))
	inRepo(ts, dir, "init", "-q", "-b", "none")
	url := ts.Getenv("GITHUB_SERVER_URL")
	inRepo(ts, dir, "remote", "add", "origin", url+"/acme/app")
	inRepo(ts, dir, "config", "http."+url+"/.extraheader", "AUTHORIZATION: "+forgeHeader)
	fetch := []string{"fetch", "-q", "--no-tags", "origin", "+" + ref + ":refs/remotes/checkout"}
	if shallow {
		fetch = append(fetch, "--depth=1")
	} else {
		fetch = append(fetch, "+refs/heads/*:refs/remotes/origin/*")
	}
	inRepo(ts, dir, fetch...)
	inRepo(ts, dir, "checkout", "-q", "--detach", "refs/remotes/checkout")
}

// pull [-head] [-shallow] [-target] BRANCH [TARGET] proposes a branch: it checks out
// what GitHub makes of it, or with -head the branch itself.
func pull(ts *testscript.TestScript, neg bool, args []string) {
	flags := map[string]bool{}
	for len(args) > 0 && strings.HasPrefix(args[0], "-") {
		flags[args[0]] = true
		args = args[1:]
	}
	if neg || len(args) == 0 || len(args) > 2 {
		ts.Fatalf("usage: pull [-head] [-shallow] [-target] BRANCH [TARGET]")
	}
	branch, target := args[0], "main"
	if len(args) > 1 {
		target = args[1]
	}
	repo, bare := ts.Getenv("REPO"), ts.Getenv("BARE")
	inRepo(ts, repo, "push", "-q", "-f", "origin", branch)
	head, base := inRepo(ts, bare, "rev-parse", branch), inRepo(ts, bare, "rev-parse", target)
	tree := inRepo(ts, bare, "merge-tree", "--write-tree", "--allow-unrelated-histories", target, branch)
	merge := inRepo(ts, bare, "commit-tree", "-p", base, "-p", head, "-m", "merge", tree)
	inRepo(ts, bare, "update-ref", "refs/pull/1/merge", merge)
	inRepo(ts, bare, "update-ref", "refs/pull/1/head", head)
	name, sha, ref := "pull_request", merge, "refs/pull/1/merge"
	if flags["-target"] {
		name, sha, ref = "pull_request_target", base, "refs/heads/"+target
	}
	event(ts, name, ref, sha, target, map[string]any{"pull_request": map[string]any{
		"head": map[string]any{"sha": head}, "base": map[string]any{"ref": target, "sha": base},
	}})
	out := ref
	if flags["-head"] {
		out = "refs/pull/1/head"
	}
	checkout(ts, out, flags["-shallow"])
}

// pushed BRANCH BEFORE pushes a branch and checks it out; BEFORE is the commit that it
// replaces.
func pushed(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: pushed BRANCH BEFORE")
	}
	repo, branch := ts.Getenv("REPO"), args[0]
	before := strings.Repeat("0", 40)
	if args[1] != "none" {
		before = inRepo(ts, repo, "rev-parse", args[1])
	}
	inRepo(ts, repo, "push", "-q", "-f", "origin", branch)
	event(ts, "push", "refs/heads/"+branch, inRepo(ts, repo, "rev-parse", branch), "", map[string]any{"before": before})
	checkout(ts, "refs/heads/"+branch, false)
}

// queued BRANCH checks out what a merge queue would merge.
func queued(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: queued BRANCH")
	}
	pull(ts, false, args)
	bare := ts.Getenv("BARE")
	merge := inRepo(ts, bare, "rev-parse", "refs/pull/1/merge")
	inRepo(ts, bare, "update-ref", "refs/heads/gh-readonly-queue/main/pr-1", merge)
	event(ts, "merge_group", "refs/heads/gh-readonly-queue/main/pr-1", merge, "", map[string]any{"merge_group": map[string]any{
		"head_sha": merge, "base_sha": inRepo(ts, bare, "rev-parse", "main"), "base_ref": "refs/heads/main",
	}})
}

// fill FILE WITH puts the script's variables into a file, and what another file holds
// where it says $ID.
func fill(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: fill FILE WITH")
	}
	id := strings.TrimSpace(ts.ReadFile(args[1]))
	text := os.Expand(ts.ReadFile(args[0]), func(name string) string {
		if name == "ID" {
			return id
		}
		return ts.Getenv(name)
	})
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(text), 0o600))
}

// here says that the event is about the commit that is checked out.
func here(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 0 {
		ts.Fatalf("usage: here")
	}
	ts.Setenv("GITHUB_SHA", inRepo(ts, ts.MkAbs("."), "rev-parse", "HEAD"))
}
