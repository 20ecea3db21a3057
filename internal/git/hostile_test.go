package git_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/boltseal/boltseal/internal/git"
)

// canary makes a program that leaves a file when it runs, and says whether it did.
func canary(t *testing.T) (program string, sang func() bool) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("needs a shell")
	}
	dir := t.TempDir()
	program, mark := filepath.Join(dir, "canary"), filepath.Join(dir, "sang")
	script := fmt.Sprintf("#!/bin/sh\ntouch '%s'\nexit 1\n", mark)
	if err := os.WriteFile(program, []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	return program, func() bool {
		_, err := os.Stat(mark)
		return err == nil
	}
}

// traps are repositories that have a program run by whoever asks git about them.
var traps = map[string]func(t *testing.T, dir, program string){
	"file system monitor": func(t *testing.T, dir, program string) {
		run(t, dir, "config", "core.fsmonitor", program)
	},
	"hooks": func(t *testing.T, dir, program string) {
		run(t, dir, "config", "core.hooksPath", filepath.Dir(program))
		for _, hook := range []string{"post-index-change", "fsmonitor-watchman", "post-checkout", "pre-auto-gc"} {
			link(t, program, filepath.Join(filepath.Dir(program), hook))
			link(t, program, filepath.Join(dir, ".git/hooks", hook))
		}
	},
	"filters, textconv and external diff": func(t *testing.T, dir, program string) {
		for _, key := range []string{
			"filter.x.clean", "filter.x.smudge", "filter.x.process", "diff.x.textconv", "diff.x.command", "diff.external", "merge.x.driver",
		} {
			run(t, dir, "config", key, program)
		}
		write(t, dir, ".gitattributes", "* filter=x diff=x merge=x\n")
		write(t, dir, "a", "changed")
	},
	"alias, pager, editor, ssh": func(t *testing.T, dir, program string) {
		for _, key := range []string{
			"core.pager", "pager.ls-files", "pager.rev-parse", "core.editor", "core.sshCommand", "core.gitProxy", "core.askPass", "gpg.program", "credential.helper",
		} {
			run(t, dir, "config", key, program)
		}
		run(t, dir, "config", "alias.ls-files", "!"+program)
		run(t, dir, "config", "alias.rev-parse", "!"+program)
	},
	"included configuration": func(t *testing.T, dir, program string) {
		write(t, dir, "evil.config", "[core]\n\tfsmonitor = "+program+"\n")
		run(t, dir, "config", "include.path", "../evil.config")
	},
	"a partial clone that fetches what it misses": func(t *testing.T, dir, program string) {
		// A sparse index makes git read trees; the one it needs is gone.
		write(t, dir, "in/a", "x")
		write(t, dir, "out/b", "x")
		run(t, dir, "add", "in", "out")
		run(t, dir, "commit", "-q", "-m", "second")
		tree := run(t, dir, "rev-parse", "HEAD:out")
		run(t, dir, "sparse-checkout", "set", "--cone", "--sparse-index", "in")
		run(t, dir, "config", "extensions.partialClone", "origin")
		run(t, dir, "config", "core.repositoryFormatVersion", "1")
		run(t, dir, "config", "remote.origin.url", "ext::"+program+" %S")
		run(t, dir, "config", "remote.origin.promisor", "true")
		run(t, dir, "config", "remote.origin.uploadpack", program)
		run(t, dir, "config", "protocol.allow", "always")
		run(t, dir, "config", "protocol.ext.allow", "always")
		if err := os.Remove(filepath.Join(dir, ".git/objects", tree[:2], tree[2:])); err != nil {
			t.Fatal(err)
		}
	},
}

func link(t testing.TB, to, path string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(to, path); err != nil {
		t.Fatal(err)
	}
}

func TestNothingOfARepositoryRuns(t *testing.T) {
	for name, set := range traps {
		t.Run(name, func(t *testing.T) {
			program, sang := canary(t)
			dir := newRepo(t, map[string]string{"a": "x", "b": "x"})
			set(t, dir, program)
			write(t, dir, "new", "x")
			if sang() { // setting the trap sprang it
				if err := os.Remove(filepath.Join(filepath.Dir(program), "sang")); err != nil {
					t.Fatal(err)
				}
			}
			_, err := find(t, dir).Files(t.Context(), "")
			if sang() {
				t.Error("the canary sang")
			}
			if err != nil && name != "a partial clone that fetches what it misses" {
				t.Errorf("Files: %v", err)
			}
		})
	}
}

// TestTheTrapsWork sees to it that the test above can fail.
func TestTheTrapsWork(t *testing.T) {
	for name, args := range map[string][]string{
		"file system monitor":                         {"ls-files", "--others"},
		"filters, textconv and external diff":         {"status"},
		"included configuration":                      {"status"},
		"a partial clone that fetches what it misses": {"ls-files"},
	} {
		t.Run(name, func(t *testing.T) {
			program, sang := canary(t)
			dir := newRepo(t, map[string]string{"a": "x", "b": "x"})
			traps[name](t, dir, program)
			if err := os.Remove(filepath.Join(filepath.Dir(program), "sang")); err != nil && !os.IsNotExist(err) {
				t.Fatal(err)
			}
			out, _ := try(dir, args...) // the canary answers nonsense
			if !sang() {
				t.Errorf("plain git %v does not run the trap\n%s", args, out)
			}
		})
	}
}

func TestAnEmbeddedBareRepositoryIsNotObeyed(t *testing.T) {
	program, sang := canary(t)
	dir := newRepo(t, map[string]string{
		"evil/HEAD":            "ref: refs/heads/main\n",
		"evil/config":          "[core]\n\trepositoryformatversion = 0\n\tbare = false\n\tworktree = \"..\"\n\tfsmonitor = " + program + "\n",
		"evil/objects/x":       "x",
		"evil/refs/heads/none": "x",
	})
	repo := find(t, filepath.Join(dir, "evil"))
	if repo.Root != dir {
		t.Errorf("root %s, want %s", repo.Root, dir)
	}
	if got := list(t, repo, "evil").Tracked; len(got) != 4 {
		t.Errorf("got %v, want four files", got)
	}
	if sang() {
		t.Error("the canary sang")
	}
}

func TestConfigurationHidesNothing(t *testing.T) {
	elsewhere := t.TempDir()
	write(t, elsewhere, "other", "x")
	ignoreAll := filepath.Join(elsewhere, "ignore")
	if err := os.WriteFile(ignoreAll, []byte("*\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for name, config := range map[string][2]string{
		"a work tree elsewhere":  {"core.worktree", elsewhere},
		"an ignore file":         {"core.excludesFile", ignoreAll},
		"a bare repository":      {"core.bare", "true"},
		"quoted paths":           {"core.quotePath", "true"},
		"the untracked cache":    {"core.untrackedCache", "true"},
		"a command line default": {"status.showUntrackedFiles", "no"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := newRepo(t, map[string]string{"a": "x"})
			write(t, dir, "ünicode", "x")
			run(t, dir, "config", config[0], config[1])
			got := list(t, find(t, dir), "")
			want := &git.Listing{Tracked: []git.File{{"a", git.ModeRegular}}, Untracked: []string{"ünicode"}}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestTheEnvironmentChangesNothing(t *testing.T) {
	dir := newRepo(t, map[string]string{"a": "x"})
	other := newRepo(t, map[string]string{"b": "x"})
	program, sang := canary(t)
	config := filepath.Join(t.TempDir(), "config")
	if err := os.WriteFile(config, []byte("[core]\n\tfsmonitor = "+program+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for key, value := range map[string]string{
		"GIT_DIR": filepath.Join(other, ".git"), "GIT_WORK_TREE": other, "GIT_INDEX_FILE": filepath.Join(other, ".git/index"),
		"GIT_CONFIG_GLOBAL": config, "GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "core.fsmonitor", "GIT_CONFIG_VALUE_0": program,
		"GIT_TRACE2": filepath.Join(t.TempDir(), "trace"),
	} {
		t.Setenv(key, value)
	}
	got := list(t, find(t, dir), "")
	if diff := cmp.Diff(&git.Listing{Tracked: []git.File{{"a", git.ModeRegular}}}, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if sang() {
		t.Error("the canary sang")
	}
}

func TestARepositoryOfAnotherOwnerIsRead(t *testing.T) {
	dir := newRepo(t, map[string]string{"a": "x"})
	if os.Getuid() != 0 {
		t.Skip("needs root to give a folder to another user")
	}
	err := filepath.WalkDir(dir, func(path string, _ os.DirEntry, err error) error {
		return errors.Join(err, os.Lchown(path, 65534, 65534))
	})
	if err != nil {
		t.Fatal(err)
	}
	if out, err := try(dir, "ls-files"); err == nil {
		t.Fatalf("plain git reads it, so this shows nothing: %s", out)
	}
	if got := list(t, find(t, dir), "").Tracked; len(got) != 1 {
		t.Errorf("got %v, want one file", got)
	}
}

func TestAGitInsideTheRepositoryIsNotRun(t *testing.T) {
	program, sang := canary(t)
	dir := newRepo(t, map[string]string{"a": "x"})
	if err := os.MkdirAll(filepath.Join(dir, "bin"), 0o755); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(program)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "bin/git"), data, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{filepath.Join(dir, "bin"), "."} {
		t.Chdir(filepath.Join(dir, "bin"))
		t.Setenv("PATH", path)
		if _, err := find(t, dir).Files(t.Context(), ""); !errors.Is(err, git.ErrNoGit) {
			t.Errorf("PATH=%s: got %v, want ErrNoGit", path, err)
		}
	}
	if sang() {
		t.Error("the canary sang")
	}
}
