package tree_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/boltseal/boltseal/internal/git"
	"github.com/boltseal/boltseal/internal/source/tree"
)

// TestCommitIsAsItsCheckout holds the tree of a commit against the checkout of it,
// which has changed since.
func TestCommitIsAsItsCheckout(t *testing.T) {
	dir, run := gitRepo(t)
	write(t, dir, map[string]string{"a.txt": "a", "sub/b.txt": "bb", "sub/deep/c": "", ".gitattributes": "*.txt text eol=crlf\n*.txt export-ignore\n", "ü \n": "odd"})
	symlink(t, "deep/c", filepath.Join(dir, "sub/inside"))
	symlink(t, "../a.txt", filepath.Join(dir, "sub/up"))
	symlink(t, "/etc/passwd", filepath.Join(dir, "sub/out"))
	symlink(t, "round", filepath.Join(dir, "round"))
	run("add", "-A")
	run("commit", "-q", "-m", "one")
	repo, err := git.Find(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	id, err := repo.Resolve(t.Context(), "HEAD")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"", "sub", "a.txt"} {
		typed := filepath.Join(dir, path)
		want := look(t, open(t, typed, tree.Options{}))
		src, err := tree.OpenCommit(t.Context(), tree.CommitOptions{Repo: repo, Commit: id, Path: path, Name: "dir:" + filepath.ToSlash(typed)})
		if err != nil {
			t.Fatal(err)
		}
		got := look(t, src)
		if src.Target().Name != "dir:"+filepath.ToSlash(typed) || src.Lost() != nil {
			t.Errorf("target %v, lost %v", src.Target(), src.Lost())
		}
		for i := range want.Entries { // a commit knows neither owners nor times
			e := &want.Entries[i]
			e.UID, e.GID, e.ModTime, e.Mode = 0, 0, got.Entries[i].ModTime, got.Entries[i].Mode
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q: %s", path, diff)
		}
		if err := src.Close(); err != nil {
			t.Error(err)
		}
	}
	write(t, dir, map[string]string{"a.txt": "changed"})
	src, err := tree.OpenCommit(t.Context(), tree.CommitOptions{Repo: repo, Commit: id, Looks: map[string]bool{"a.txt": true}})
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	got := look(t, src)
	if got.Content["a.txt"] != "a" {
		t.Errorf("a.txt is %q", got.Content["a.txt"])
	}
	for _, e := range got.Entries {
		if e.Unchanged == (e.Path == "a.txt") {
			t.Errorf("%s: unchanged is %v", e.Path, e.Unchanged)
		}
	}
}

// TestCommitLacksABlob opens a commit of which a blob is gone, as in a partial clone.
func TestCommitLacksABlob(t *testing.T) {
	dir, run := gitRepo(t)
	write(t, dir, map[string]string{"a.txt": "a", "b.txt": "b"})
	run("add", "-A")
	run("commit", "-q", "-m", "one")
	repo, err := git.Find(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	id, err := repo.Resolve(t.Context(), "HEAD")
	if err != nil {
		t.Fatal(err)
	}
	const blob = ".git/objects/2e/65efe2a145dda7ee51d1741299f848e5bf752e" // "a"
	if err := os.Remove(filepath.Join(dir, filepath.FromSlash(blob))); err != nil {
		t.Fatal(err)
	}
	src, err := tree.OpenCommit(t.Context(), tree.CommitOptions{Repo: repo, Commit: id})
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	v := newVisitor()
	if err := walk(t.Context(), src, v); err != nil {
		t.Fatal(err)
	}
	if src.Lost() != nil {
		t.Errorf("lost %v before anybody asked", src.Lost())
	}
	if _, err := v.opens["a.txt"](); !errors.Is(err, git.ErrMissing) || !errors.Is(src.Lost(), git.ErrMissing) {
		t.Errorf("opening gives %v, lost %v", err, src.Lost())
	}
	if r, err := v.opens["b.txt"](); err != nil {
		t.Error(err)
	} else {
		r.Close()
	}
}
