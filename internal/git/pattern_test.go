package git_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/boltseal/boltseal/internal/git"
)

// TestFoldersWhoseNamesArePatterns wants a repository to be known for what it is wherever
// it lies: each of these names is a pattern that does not match itself, or none.
func TestFoldersWhoseNamesArePatterns(t *testing.T) {
	address, bare := forge(t, map[string]string{"policy": "old", "big": numbered(2000)})
	for _, name := range []string{"a[b", "a[b]", `a\[b]`, "a[b]*"} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), name, "clone")
			run(t, bare, "clone", "-q", "--filter=blob:none", "--no-local", "--no-checkout", "file://"+bare, dir)
			// What makes it a partial clone is told by its packs alone.
			run(t, dir, "config", "--remove-section", "remote.origin")
			if _, o := objects(t, dir); !o.Partial(t.Context()) {
				t.Error("it is not taken for a partial clone")
			}
			want := advance(t, bare, "main", "policy", "new "+name)
			s := store(t, dir)
			if id, err := s.Fetch(t.Context(), git.Remote{URL: address, Header: "Authorization: " + header}, "refs/heads/main"); err != nil || id != want {
				t.Fatalf("fetched %q, %v; want %s", id, err, want)
			}
			fetched, err := s.Repo().Objects(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			defer fetched.Close()
			if whole, err := fetched.ReadFile(t.Context(), want, "big", 1<<20); err != nil || len(whole) < 1000 {
				t.Errorf("a file that the clone lacks: %d bytes, %v", len(whole), err)
			}
		})
		// Older versions of git look for the other half beside HEAD alone.
		t.Run(name+" with a split index", func(t *testing.T) {
			from, to := filepath.Join(t.TempDir(), name), t.TempDir()
			write(t, from, "sharedindex.12ab", "half")
			write(t, from, "index", "other half")
			if err := git.LinkSharedIndex(from, to); err != nil {
				t.Fatal(err)
			}
			got, err := filepath.EvalSymlinks(filepath.Join(to, "sharedindex.12ab"))
			if err != nil || filepath.Base(filepath.Dir(got)) != name {
				t.Errorf("leads to %q, %v", got, err)
			}
			if names, err := os.ReadDir(to); err != nil || len(names) != 1 {
				t.Errorf("%v, %v", names, err)
			}
		})
	}
}
