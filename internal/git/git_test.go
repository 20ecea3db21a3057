package git_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/boltseal/boltseal/internal/git"
)

func TestFind(t *testing.T) {
	repo := newRepo(t, map[string]string{"a/b/c.txt": "x"})
	linked := filepath.Join(t.TempDir(), "linked")
	run(t, repo, "worktree", "add", "-q", linked)
	write(t, repo, "broken/.git", "gitdir: ../nowhere\n")
	write(t, repo, "text/.git", "not a link\n")
	write(t, repo, "hollow/.git/config", "[core]\n")
	run(t, repo, "init", "-q", "--bare", "bare.git")
	outside := t.TempDir()

	tests := map[string]struct{ dir, want string }{
		"the root itself":                      {repo, repo},
		"a folder below":                       {filepath.Join(repo, "a/b"), repo},
		"a folder that does not exist":         {filepath.Join(repo, "a/none"), repo},
		"a linked work tree, by its .git file": {linked, linked},
		"a .git file that leads nowhere":       {filepath.Join(repo, "broken"), repo},
		"a .git file of other text":            {filepath.Join(repo, "text"), repo},
		"a .git folder that is no repository":  {filepath.Join(repo, "hollow"), repo},
		"a bare repository has no work tree":   {filepath.Join(repo, "bare.git"), repo},
		"no repository":                        {outside, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := git.Find(t.Context(), tt.dir)
			if tt.want == "" {
				if !errors.Is(err, git.ErrNoRepository) {
					t.Fatalf("got %v, %v; want ErrNoRepository", got, err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got.Root != tt.want {
				t.Errorf("root %s, want %s", got.Root, tt.want)
			}
		})
	}
}

func TestARepositoryWithLongObjectNames(t *testing.T) {
	dir := t.TempDir()
	run(t, dir, "init", "-q", "--object-format=sha256")
	write(t, dir, "a", "x")
	run(t, dir, "add", "a")
	if diff := cmp.Diff([]git.File{{Path: "a", Mode: git.ModeRegular}}, list(t, find(t, dir), "").Tracked); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestFiles(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("needs a file system that takes any bytes as names")
	}
	dir := newRepo(t, map[string]string{
		".gitignore":         "*.log\nbuild/\nout/*\n",
		"forced.log":         "tracked although ignored",
		"services/api/a.txt": "x",
		"new\nline":          "x",
		"tab\tand \"quote\"": "x",
		"bad\xff\xfename":    "x",
		":(exclude)x":        "x",
		"-rf":                "x",
		"build/kept":         "forced",
	})
	write(t, dir, "run.sh", "#!/bin/sh\n")
	if err := os.Chmod(filepath.Join(dir, "run.sh"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("/etc/passwd", filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	run(t, dir, "add", "run.sh", "link")
	run(t, dir, "update-index", "--add", "--cacheinfo", "160000,"+run(t, dir, "rev-parse", "HEAD")+",vendor/sub")
	write(t, dir, "services/api/new.txt", "untracked")
	write(t, dir, "services/api/x.log", "ignored")
	write(t, dir, "build/x/y/z", "ignored")
	write(t, dir, "out/1", "ignored")
	write(t, dir, "out/2/3", "ignored")
	write(t, dir, "vendor/sub/inside", "in the submodule")
	run(t, dir, "init", "-q", "nested")
	write(t, dir, "nested/secret", "x")

	got := list(t, find(t, dir), "")
	want := &git.Listing{
		Tracked: []git.File{
			{"-rf", git.ModeRegular},
			{".gitignore", git.ModeRegular},
			{":(exclude)x", git.ModeRegular},
			{"bad\xff\xfename", git.ModeRegular},
			{"build/kept", git.ModeRegular},
			{"forced.log", git.ModeRegular},
			{"link", git.ModeSymlink},
			{"new\nline", git.ModeRegular},
			{"run.sh", git.ModeExecutable},
			{"services/api/a.txt", git.ModeRegular},
			{"tab\tand \"quote\"", git.ModeRegular},
			{"vendor/sub", git.ModeSubmodule},
		},
		Untracked: []string{"nested/", "services/api/new.txt"},
		Ignored:   []string{"build/x/", "out/1", "out/2/", "services/api/x.log"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}

	t.Run("below a folder", func(t *testing.T) {
		got := list(t, find(t, dir), "services/api")
		want := &git.Listing{
			Tracked:   []git.File{{"services/api/a.txt", git.ModeRegular}},
			Untracked: []string{"services/api/new.txt"},
			Ignored:   []string{"services/api/x.log"},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
	})
	t.Run("a path is no pattern and no option", func(t *testing.T) {
		for _, sub := range []string{":(exclude)x", "-rf"} {
			got := list(t, find(t, dir), sub)
			want := &git.Listing{Tracked: []git.File{{sub, git.ModeRegular}}}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s (-want +got)\n%s", sub, diff)
			}
		}
		if got := list(t, find(t, dir), "*"); len(got.Tracked) != 0 {
			t.Errorf("* gave %v", got)
		}
	})
}

func TestFilesOfLinkedWorkTree(t *testing.T) {
	dir := newRepo(t, map[string]string{"a": "x"})
	linked := filepath.Join(t.TempDir(), "linked")
	run(t, dir, "worktree", "add", "-q", linked)
	write(t, linked, "b", "x")
	got := list(t, find(t, linked), "")
	want := &git.Listing{Tracked: []git.File{{"a", git.ModeRegular}}, Untracked: []string{"b"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestFilesListsAConflictOnce(t *testing.T) {
	dir := newRepo(t, map[string]string{"a": "base\n"})
	run(t, dir, "checkout", "-q", "-b", "other")
	write(t, dir, "a", "other\n")
	run(t, dir, "commit", "-q", "-am", "other")
	run(t, dir, "checkout", "-q", "main")
	write(t, dir, "a", "main\n")
	run(t, dir, "commit", "-q", "-am", "main")
	if out, err := try(dir, "merge", "other"); err == nil {
		t.Fatalf("merge went through: %s", out)
	}
	if got := list(t, find(t, dir), "").Tracked; len(got) != 1 {
		t.Errorf("got %v, want one file", got)
	}
}

func TestFilesListsEveryPartOfASparseIndex(t *testing.T) {
	dir := newRepo(t, map[string]string{"in/a": "x", "out/deep/b": "x", "top": "x"})
	run(t, dir, "sparse-checkout", "set", "--cone", "--sparse-index", "in")
	var got []string
	for _, f := range list(t, find(t, dir), "").Tracked {
		got = append(got, f.Path)
	}
	if diff := cmp.Diff([]string{"in/a", "out/deep/b", "top"}, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestErrorsNameWhatWentWrong(t *testing.T) {
	t.Run("a corrupt index", func(t *testing.T) {
		dir := newRepo(t, map[string]string{"a": "x"})
		write(t, dir, ".git/index", "DIRC garbage that is no index at all")
		_, err := find(t, dir).Files(t.Context(), "")
		if err == nil || !strings.Contains(err.Error(), "git ls-files: ") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("a repository format from the future", func(t *testing.T) {
		dir := newRepo(t, map[string]string{"a": "x"})
		run(t, dir, "config", "core.repositoryFormatVersion", "99")
		_, err := find(t, dir).Files(t.Context(), "")
		if err == nil || !strings.Contains(err.Error(), "99") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("no git program", func(t *testing.T) {
		dir := newRepo(t, map[string]string{"a": "x"})
		t.Setenv("PATH", t.TempDir())
		repo := find(t, dir)
		if _, err := repo.Files(t.Context(), ""); !errors.Is(err, git.ErrNoGit) {
			t.Errorf("Files: got %v, want ErrNoGit", err)
		}
	})
	t.Run("a canceled context", func(t *testing.T) {
		dir := newRepo(t, map[string]string{"a": "x"})
		repo := find(t, dir)
		ctx, cancel := context.WithCancelCause(t.Context())
		cause := errors.New("enough")
		cancel(cause)
		if _, err := repo.Files(ctx, ""); !errors.Is(err, cause) && !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	})
}
