package secrets_test

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/boltseal/boltseal/internal/scan"
	"github.com/boltseal/boltseal/internal/source/history"
)

// openHistory opens a repository's history, or the revisions that are named.
func openHistory(t *testing.T, dir, revs string) scan.Source {
	t.Helper()
	src, err := history.Open(t.Context(), dir, history.Options{Revs: strings.Fields(revs)})
	if err != nil {
		t.Fatal(err)
	}
	return src
}

// compareHistory runs both programs over a repository's history and fails for what
// differs.
func compareHistory(t *testing.T, name, dir string, set settings) *comparison {
	t.Helper()
	dir = real(t, dir)
	leaks := theirRun{mode: "git", target: dir, set: set}.run(t)
	res := oursOn(t, openHistory(t, dir, set.logOpts), dir, set)
	checkStatus(t, res, set)
	c := newComparison(t, "git", name, leaks, res.Findings, "")
	texts := make(map[key]string)
	c.config = configText(set)
	c.text = func(k key) string {
		k = key{file: k.file, commit: k.commit}
		text, ok := texts[k]
		if !ok {
			text, _ = gitTry(t, dir, "cat-file", "blob", k.commit+":"+k.file)
			texts[k] = text
		}
		return text
	}
	c.isMerge = func(commit string) bool {
		return strings.Count(gitOut(t, dir, "rev-list", "--parents", "-n1", commit), " ") > 1
	}
	c.attribute = func(k key) string {
		out, _ := gitTry(t, dir, "check-attr", "diff", "--", k.file)
		return strings.TrimSpace(out[strings.LastIndex(out, ":")+1:])
	}
	c.typeChanged = func(k key) bool {
		out, _ := gitTry(t, dir, "diff-tree", "-r", "--root", "--no-commit-id", "--diff-filter=T", "--name-only", "-z", k.commit)
		return strings.Contains("\x00"+out, "\x00"+k.file+"\x00")
	}
	c.report(t)
	return c
}

// gitTry runs git on a repository.
func gitTry(t *testing.T, dir string, args ...string) (string, error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "git", append([]string{"-C", dir}, args...)...)
	cmd.Env = append(fixedEnv(t.TempDir()),
		"GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@example.com", "GIT_AUTHOR_DATE=2026-01-01T00:00:00Z",
		"GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@example.com", "GIT_COMMITTER_DATE=2026-01-01T00:00:00Z")
	out, err := cmd.Output()
	return string(out), err
}

func gitOut(t *testing.T, dir string, args ...string) string {
	t.Helper()
	out, err := gitTry(t, dir, args...)
	if err != nil {
		text := ""
		if e, ok := err.(*exec.ExitError); ok { //nolint:errorlint // as it comes from Output
			text = string(e.Stderr)
		}
		t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, text)
	}
	return out
}
