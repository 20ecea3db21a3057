package git_test

import (
	"errors"
	"path/filepath"
	"testing"

	"github.com/boltseal/boltseal/internal/git"
)

// TestReadFile reads from a commit, whatever the work tree and the index hold.
func TestReadFile(t *testing.T) {
	dir := newRepo(t, map[string]string{"a": "committed", "d/b": "below", "[x]*": "odd"})
	link(t, "a", filepath.Join(dir, "link"))
	run(t, dir, "add", "-A")
	run(t, dir, "commit", "-q", "-m", "link")
	write(t, dir, "a", "changed")
	write(t, dir, "new", "not committed")
	run(t, dir, "add", "-A")
	repo, o := objects(t, dir)
	head, err := repo.Resolve(t.Context(), "HEAD")
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"a": "committed", "d/b": "below", "[x]*": "odd"} {
		got, err := o.ReadFile(t.Context(), head, name, 100)
		if err != nil || string(got) != want {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	if got, err := o.ReadFile(t.Context(), head, "a", 3); err != nil || string(got) != "com" {
		t.Errorf("three bytes: %q, %v", got, err)
	}
	for _, name := range []string{"new", "nowhere", "", "*"} {
		if _, err := o.ReadFile(t.Context(), head, name, 100); !errors.Is(err, git.ErrNoFile) {
			t.Errorf("%q: %v", name, err)
		}
	}
	for _, name := range []string{"link", "d"} {
		if got, err := o.ReadFile(t.Context(), head, name, 100); err == nil || errors.Is(err, git.ErrNoFile) {
			t.Errorf("%q: %q, %v: it is no regular file", name, got, err)
		}
	}
}
