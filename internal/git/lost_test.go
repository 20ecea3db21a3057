package git_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/boltseal/boltseal/internal/git"
)

// unpacked gives the path of a loose object.
func unpacked(dir, id string) string {
	return filepath.Join(dir, ".git/objects", id[:2], id[2:])
}

// chain makes a repository with n commits after the first, which add a line to a
// file each and a file of their own. It gives their ids, oldest first.
func chain(t testing.TB, n int) (dir string, ids []string) {
	t.Helper()
	dir = newRepo(t, map[string]string{"first": "first\n"})
	ids = append(ids, run(t, dir, "rev-parse", "HEAD"))
	var lines strings.Builder
	for i := range n {
		fmt.Fprintf(&lines, "line %d\n", i)
		write(t, dir, "all", lines.String())
		write(t, dir, fmt.Sprintf("f%d", i), fmt.Sprintf("content %d\n", i))
		write(t, dir, fmt.Sprintf("d%d/x", i), fmt.Sprintf("d %d\n", i))
		ids = append(ids, commit(t, dir, "c"))
	}
	return dir, ids
}

func TestWhatCannotBeShownIsLostAndNothingElse(t *testing.T) {
	tests := map[string]func(t *testing.T, dir string, ids []string){
		"a missing blob": func(t *testing.T, dir string, _ []string) {
			remove(t, dir, rel(dir, run(t, dir, "rev-parse", "HEAD:f2")))
		},
		"a damaged blob": func(t *testing.T, dir string, _ []string) {
			damage(t, unpacked(dir, run(t, dir, "rev-parse", "HEAD:f2")))
		},
	}
	for name, spoil := range tests {
		t.Run(name, func(t *testing.T) {
			dir, ids := chain(t, 6)
			_, o := objects(t, dir)
			want := patches(t, o, ids, "").hunks
			spoil(t, dir, ids)
			_, fresh := objects(t, dir)
			got := patches(t, fresh, ids, "")
			if len(got.lost) != 1 || !strings.HasPrefix(got.lost[0], ids[3][:10]) || !strings.Contains(got.lost[0], "fsck") {
				t.Errorf("lost %q, want commit %s with a hint", got.lost, ids[3])
			}
			of := func(h string) bool { return strings.HasPrefix(h, ids[3][:10]) }
			if diff := cmp.Diff(slices.DeleteFunc(want, of), slices.DeleteFunc(got.hunks, of)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func rel(dir, id string) string {
	path, _ := filepath.Rel(dir, unpacked(dir, id))
	return path
}

// damage writes over the middle of a file.
func damage(t testing.TB, path string) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := len(data) / 3; i < len(data)*2/3+1; i++ {
		data[i] ^= 0xff
	}
	if err := errors.Join(os.Remove(path), os.WriteFile(path, data, 0o644)); err != nil {
		t.Fatal(err)
	}
}

func TestAMissingCommitTakesItsChildAlong(t *testing.T) {
	dir, ids := chain(t, 6)
	remove(t, dir, rel(dir, ids[3]))
	_, o := objects(t, dir)
	got := patches(t, o, ids, "")
	if len(got.lost) != 2 || !strings.HasPrefix(got.lost[0], ids[3][:10]) || !strings.HasPrefix(got.lost[1], ids[4][:10]) {
		t.Errorf("lost %q, want commits %s and %s", got.lost, ids[3], ids[4])
	}
}

func TestNeitherTwiceNorNeverAfterALoss(t *testing.T) {
	// Every commit adds one file; the blobs of some are gone.
	dir, ids := chain(t, 12)
	for _, i := range []int{0, 1, 4, 11} {
		remove(t, dir, rel(dir, run(t, dir, "rev-parse", fmt.Sprintf("HEAD:f%d", i))))
	}
	_, o := objects(t, dir)
	got := patches(t, o, ids, "")
	if len(got.lost) != 4 {
		t.Errorf("lost %q, want four commits", got.lost)
	}
	seen := map[string]int{}
	for _, h := range got.hunks {
		if seen[h]++; seen[h] > 1 {
			t.Errorf("twice: %s", h)
		}
	}
	if n := len(slices.DeleteFunc(got.hunks, func(h string) bool { return !strings.Contains(h, "content") })); n != 8 {
		t.Errorf("%d files, want 8", n)
	}
}

func TestARepositoryThatLacksEverythingIsGivenUp(t *testing.T) {
	dir, ids := chain(t, 30)
	for i := range 30 {
		remove(t, dir, rel(dir, run(t, dir, "rev-parse", fmt.Sprintf("HEAD:f%d", i))))
	}
	_, o := objects(t, dir)
	c := &collector{}
	err := o.Patches(t.Context(), ids, git.Selection{Renames: true}, c)
	if err == nil || !strings.Contains(err.Error(), "gave up on 10 more") || len(c.lost) != 20 {
		t.Errorf("got %v and %d lost", err, len(c.lost))
	}
}

func TestADamagedPackIsNotSilent(t *testing.T) {
	dir, ids := chain(t, 6)
	run(t, dir, "repack", "-adfq", "--depth=1")
	packs, err := filepath.Glob(filepath.Join(dir, ".git/objects/pack/*.pack"))
	if err != nil || len(packs) != 1 {
		t.Fatal(packs, err)
	}
	damage(t, packs[0])
	_, o := objects(t, dir)
	c := &collector{}
	if err := o.Patches(t.Context(), ids, git.Selection{Renames: true}, c); err == nil && len(c.lost) == 0 {
		t.Error("nothing was lost")
	}
}

func TestAVisitorEndsTheWalk(t *testing.T) {
	dir, ids := chain(t, 3)
	_, o := objects(t, dir)
	stop := errors.New("enough")
	c := &collector{stop: stop}
	if err := o.Patches(t.Context(), ids, git.Selection{Renames: true}, c); !errors.Is(err, stop) || len(c.hunks) != 1 || len(c.lost) != 0 {
		t.Errorf("got %v, %d hunks, lost %q", err, len(c.hunks), c.lost)
	}
}

// canceler cancels a context at the first hunk.
type canceler struct {
	collector
	cancel context.CancelFunc
}

func (c *canceler) Hunk(*git.Hunk) error { c.cancel(); return nil }

func TestTheEndOfTheContextLeavesNothingBehind(t *testing.T) {
	dir, ids := chain(t, 20)
	repo := find(t, dir)
	o, err := repo.Objects(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	c := &canceler{cancel: cancel}
	// A long way to go, so that git cannot be through before it is stopped.
	long := slices.Repeat(ids, 500)
	if err := o.Patches(ctx, long, git.Selection{Renames: true}, c); !errors.Is(err, context.Canceled) || len(c.lost) != 0 {
		t.Errorf("got %v, lost %q", err, c.lost)
	}
	if n := git.Idle(o); n != 0 {
		t.Errorf("%d processes wait after one was stopped", n)
	}
	if got := patches(t, o, ids, ""); len(got.lost) != 0 || len(got.hunks) != 61 {
		t.Errorf("afterwards: lost %q, %d hunks", got.lost, len(got.hunks))
	}
	if n := git.Idle(o); n != 1 {
		t.Errorf("%d processes wait, want 1", n)
	}
	folder := git.Folder(o)
	if err := o.Close(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(folder); !os.IsNotExist(err) {
		t.Errorf("temporary folder is left: %v", err)
	}
	if n := children(t); n != 0 {
		t.Errorf("%d processes are left", n)
	}
}

// children counts the processes of this test that live, or died unnoticed.
func children(t testing.TB) int {
	t.Helper()
	lists, err := filepath.Glob("/proc/self/task/*/children")
	if err != nil || len(lists) == 0 {
		t.Skip("needs a kernel that lists children in /proc")
	}
	n := 0
	for _, list := range lists {
		data, err := os.ReadFile(list)
		if err != nil && !os.IsNotExist(err) {
			continue // a thread that ended
		}
		n += len(strings.Fields(string(data)))
	}
	return n
}
