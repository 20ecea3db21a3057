package git_test

import (
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/boltseal/boltseal/internal/git"
)

// objects opens the objects of a repository.
func objects(t testing.TB, dir string) (*git.Repo, *git.Objects) {
	t.Helper()
	repo, err := git.Find(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	o, err := repo.Objects(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := o.Close(); err != nil {
			t.Error(err)
		}
	})
	return repo, o
}

// all lists the ids of all commits, newest first.
func all(t testing.TB, repo *git.Repo, o *git.Objects) []string {
	t.Helper()
	tips, problems, err := repo.Tips(t.Context())
	if err != nil || len(problems) > 0 {
		t.Fatalf("%v %v", problems, err)
	}
	commits, err := o.Commits(t.Context(), git.Range{Include: tips})
	if err != nil {
		t.Fatal(err)
	}
	ids := make([]string, len(commits))
	merges := 0
	for i, c := range commits {
		ids[i] = c.ID
		if c.Parents > 1 {
			merges++
		}
	}
	t.Logf("%d commits, %d merges", len(ids), merges)
	return ids
}

// patches shows commits.
func patches(t testing.TB, o *git.Objects, ids []string, sub string) *collector {
	t.Helper()
	c := &collector{}
	if err := o.Patches(t.Context(), ids, git.Selection{Sub: sub, Renames: true}, c); err != nil {
		t.Fatal(err)
	}
	return c
}

func TestPatchesAreThoseOfGitLog(t *testing.T) {
	dirs := map[string]string{}
	if runtime.GOOS == "linux" {
		dirs["a repository of everything"] = everything(t)
	}
	if dir := os.Getenv("BOLTSEAL_HISTORY_REPO"); dir != "" {
		dirs["the repository of the environment"] = dir
	}
	for name, dir := range dirs {
		t.Run(name, func(t *testing.T) {
			repo, o := objects(t, dir)
			got := patches(t, o, all(t, repo, o), "")
			if len(got.lost) > 0 {
				t.Errorf("lost: %q", got.lost)
			}
			want := readLog(t, dir)
			merged := map[string]bool{}
			for id := range strings.FieldsSeq(run(t, dir, "-c", "safe.directory=*", "rev-list", "--all", "--merges")) {
				merged[id[:10]] = true
			}
			n := len(got.hunks)
			hunks := slices.DeleteFunc(got.hunks, func(h string) bool { return merged[h[:10]] })
			t.Logf("%d hunks, %d of merges", n, n-len(hunks))
			slices.Sort(hunks)
			slices.Sort(want)
			if !slices.Equal(want, hunks) {
				t.Errorf("(-want +got)\n%.20000s", cmp.Diff(want, hunks))
			}
		})
	}
}
