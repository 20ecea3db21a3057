package git_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/boltseal/boltseal/internal/git"
)

// needGit skips a test where there is no git to ask.
func needGit(t testing.TB) {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("needs the git program")
	}
}

// run runs git as a user would, with no configuration of this machine.
func run(t testing.TB, dir string, args ...string) string {
	t.Helper()
	out, err := try(dir, args...)
	if err != nil {
		t.Fatalf("git %v: %v\n%s", args, err, out)
	}
	return strings.TrimSpace(out)
}

func try(dir string, args ...string) (string, error) {
	cmd := exec.Command("git", args...)
	cmd.Dir = dir
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null",
		"GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@example.com", "GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@example.com",
	}
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// newRepo makes a repository that tracks the files, given as path and content.
func newRepo(t testing.TB, files map[string]string) string {
	t.Helper()
	needGit(t)
	dir := t.TempDir()
	run(t, dir, "init", "-q", "-b", "main")
	for path, data := range files {
		write(t, dir, path, data)
	}
	run(t, dir, "add", "-A", "-f")
	run(t, dir, "commit", "-q", "--allow-empty", "-m", "first")
	return dir
}

func write(t testing.TB, dir, path, data string) {
	t.Helper()
	full := filepath.Join(dir, filepath.FromSlash(path))
	if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(full, []byte(data), 0o644); err != nil {
		t.Fatal(err)
	}
}

func find(t testing.TB, dir string) *git.Repo {
	t.Helper()
	repo, err := git.Find(t.Context(), dir)
	if err != nil {
		t.Fatalf("Find(%s): %v", dir, err)
	}
	return repo
}

func list(t testing.TB, repo *git.Repo, sub string) *git.Listing {
	t.Helper()
	l, err := repo.Files(t.Context(), sub)
	if err != nil {
		t.Fatalf("Files(%q): %v", sub, err)
	}
	return l
}
