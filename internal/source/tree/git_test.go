package tree_test

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/boltseal/boltseal/internal/scan"
	"github.com/boltseal/boltseal/internal/source/tree"
)

// workTree is a repository with one file of every kind that git tells apart.
func workTree(t *testing.T) string {
	t.Helper()
	dir, run := gitRepo(t)
	write(t, dir, map[string]string{
		".gitignore":              "*.log\nbuild/\n",
		"Dockerfile":              "FROM scratch\n",
		"forced.log":              "tracked although ignored",
		"gone":                    "tracked but missing",
		"turned/into/a/link":      "tracked, its folder replaced",
		"was-file":                "tracked, replaced by a folder",
		"services/api/Dockerfile": "FROM scratch\n",
		"services/web/index":      "x",
	})
	run("add", "-A", "-f")
	run("commit", "-q", "-m", "first")
	run("clone", "-q", ".", "vendor/sub")
	run("add", "vendor/sub")
	run("clone", "-q", ".", "nested")
	write(t, dir, map[string]string{
		"new": "untracked", "x.log": "ignored", "build/out/1": "ignored", "build/out/2": "ignored", "services/api/y.log": "ignored",
		"vendor/sub/more": "in the submodule", "nested/own": "in a repository of its own", "nested/n.log": "ignored there",
		"elsewhere/into/a/link": "x",
	})
	for _, p := range []string{"gone", "turned", "was-file"} {
		if err := os.RemoveAll(filepath.Join(dir, p)); err != nil {
			t.Fatal(err)
		}
	}
	symlink(t, "elsewhere", filepath.Join(dir, "turned"))
	write(t, dir, map[string]string{"was-file/inside": "x"})
	return dir
}

func TestAGitWorkTree(t *testing.T) {
	dir := workTree(t)
	got := look(t, open(t, dir, tree.Options{}))
	want := []string{
		".gitignore", "Dockerfile", "elsewhere/into/a/link", "forced.log",
		"nested/.gitignore", "nested/Dockerfile", "nested/forced.log", "nested/gone", "nested/n.log", "nested/own",
		"nested/services/api/Dockerfile", "nested/services/web/index", "nested/turned/into/a/link", "nested/was-file",
		"new", "services/api/Dockerfile", "services/web/index", "turned", "was-file/inside",
	}
	if diff := cmp.Diff(want, got.paths()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if diff := cmp.Diff(map[string]int{"ignored by git": 3, "submodule": 1, "tracked, but not checked out": 3, "inside a .git folder": 1}, got.Skipped); diff != "" {
		t.Errorf("skipped (-want +got)\n%s", diff)
	}
	if len(got.Failed) > 0 {
		t.Errorf("failed: %v", got.Failed)
	}
}

func TestAFolderOfAGitWorkTree(t *testing.T) {
	got := look(t, open(t, filepath.Join(workTree(t), "services/api"), tree.Options{}))
	if diff := cmp.Diff([]string{"services/api/Dockerfile"}, got.paths()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if diff := cmp.Diff(map[string]int{"ignored by git": 1}, got.Skipped); diff != "" {
		t.Errorf("skipped (-want +got)\n%s", diff)
	}
}

func TestWhatIsTrackedAndNotCheckedOutIsCounted(t *testing.T) {
	tests := map[string]struct {
		change func(t *testing.T, dir string, run func(...string))
		want   []string // paths that are left
		count  int
	}{
		"a sparse checkout": {func(_ *testing.T, _ string, run func(...string)) {
			run("sparse-checkout", "set", "a")
		}, []string{"a/1", "a/2", "top"}, 2},
		"a sparse index": {func(_ *testing.T, _ string, run func(...string)) {
			run("sparse-checkout", "set", "--cone", "--sparse-index", "a")
		}, []string{"a/1", "a/2", "top"}, 2},
		"skip-worktree": {func(t *testing.T, dir string, run func(...string)) {
			run("update-index", "--skip-worktree", "b/1")
			remove(t, dir, "b/1")
		}, []string{"a/1", "a/2", "b/2", "top"}, 1},
		"removed": {func(t *testing.T, dir string, _ func(...string)) {
			remove(t, dir, "a/1", "b")
		}, []string{"a/2", "top"}, 3},
		"a folder in the way": {func(t *testing.T, dir string, _ func(...string)) {
			remove(t, dir, "top")
			write(t, dir, map[string]string{"top/new": "x"})
		}, []string{"a/1", "a/2", "b/1", "b/2", "top/new"}, 1},
		"a file in the way": {func(t *testing.T, dir string, _ func(...string)) {
			remove(t, dir, "b")
			write(t, dir, map[string]string{"b": "x"})
		}, []string{"a/1", "a/2", "b", "top"}, 2},
		"a link in the way": {func(t *testing.T, dir string, _ func(...string)) {
			remove(t, dir, "b")
			symlink(t, "a", filepath.Join(dir, "b"))
		}, []string{"a/1", "a/2", "b", "top"}, 2},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			dir, run := gitRepo(t)
			write(t, dir, map[string]string{"a/1": "x", "a/2": "x", "b/1": "x", "b/2": "x", "top": "x"})
			run("add", "-A")
			run("commit", "-q", "-m", "first")
			tt.change(t, dir, run)
			got := look(t, open(t, dir, tree.Options{}))
			if diff := cmp.Diff(tt.want, got.paths()); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			if diff := cmp.Diff(map[string]int{tree.SkippedMissing: tt.count}, got.Skipped); diff != "" || len(got.Failed) > 0 {
				t.Errorf("failed %v, skipped (-want +got)\n%s", got.Failed, diff)
			}
		})
	}
}

func remove(t *testing.T, dir string, paths ...string) {
	t.Helper()
	for _, p := range paths {
		if err := os.RemoveAll(filepath.Join(dir, p)); err != nil {
			t.Fatal(err)
		}
	}
}

func TestAFolderCalledGitThatIsNoRepositoryIsCounted(t *testing.T) {
	dir, run := gitRepo(t)
	write(t, dir, map[string]string{
		"a": "a", "b/c/d": "d", "b/c/e/f": "f", "b/c/z": "z", "o/p": "p",
		"b/.git/notes": "n", "b/c/.git/notes": "n", "o/.git": "a file",
	})
	run("add", "a", "b/c/d")
	for name, c := range map[string]struct {
		start string
		opt   tree.Options
	}{"listed by git": {"", tree.Options{}}, "walked": {"", tree.Options{NoGitignore: true}}, "below a folder": {"b", tree.Options{}}} {
		got := look(t, open(t, filepath.Join(dir, c.start), c.opt))
		if diff := cmp.Diff(map[string]int{tree.SkippedGit: 2}, got.Skipped); diff != "" {
			t.Errorf("%s: skipped (-want +got)\n%s", name, diff)
		}
	}
	if got := look(t, open(t, filepath.Join(dir, "b/c"), tree.Options{})); got.Skipped[tree.SkippedGit] != 1 {
		t.Errorf("skipped %v", got.Skipped)
	}
}

func TestNoGitignore(t *testing.T) {
	dir := workTree(t)
	got := look(t, open(t, dir, tree.Options{NoGitignore: true}))
	have := strings.Join(got.paths(), "\n") + "\n"
	for _, p := range []string{"x.log", "build/out/2", "vendor/sub/more", "nested/n.log", "forced.log", "services/api/y.log"} {
		if !strings.Contains(have, p+"\n") {
			t.Errorf("%s is left out", p)
		}
	}
	// Those of the submodule and the nested repository; the root's own is no content.
	if diff := cmp.Diff(map[string]int{tree.SkippedGit: 2}, got.Skipped); diff != "" || strings.Contains(have, ".git/config") {
		t.Errorf("skipped (-want +got)\n%s\nentries:\n%s", diff, have)
	}
	sub := look(t, open(t, filepath.Join(dir, "services/api"), tree.Options{NoGitignore: true}))
	if diff := cmp.Diff([]string{"services/api/Dockerfile", "services/api/y.log"}, sub.paths()); diff != "" {
		t.Errorf("below a folder (-want +got)\n%s", diff)
	}
}

func TestWithoutTheGitProgramEverythingIsScanned(t *testing.T) {
	dir := workTree(t)
	t.Setenv("PATH", t.TempDir())
	src := open(t, filepath.Join(dir, "services"), tree.Options{})
	got := look(t, src).paths()
	if diff := cmp.Diff([]string{"services/api/Dockerfile", "services/api/y.log", "services/web/index"}, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	notes := src.(*tree.Source).Notes()
	if len(notes) != 1 || !strings.Contains(notes[0], "no git program") {
		t.Errorf("notes: %q", notes)
	}
}

func TestAGitThatFailsFailsTheWalk(t *testing.T) {
	dir := workTree(t)
	write(t, dir, map[string]string{".git/index": "no index"})
	err := walk(t.Context(), open(t, dir, tree.Options{}), newVisitor())
	if err == nil || !strings.Contains(err.Error(), "--no-gitignore") {
		t.Errorf("got %v", err)
	}
}

func TestTheGitFolderCanBeNamed(t *testing.T) {
	dir := workTree(t)
	got := look(t, open(t, filepath.Join(dir, ".git/refs/heads"), tree.Options{})).paths()
	if diff := cmp.Diff([]string{".git/refs/heads/main"}, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestNamesThatAreNoText(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("needs a file system that takes any bytes as names")
	}
	dir, run := gitRepo(t)
	names := map[string]string{"a\nb": "1", "a\xffb": "2", "-rf": "3", " ": "4", "*": "5", ":(top)x": "6", "d\n/e\xfe": "7"}
	write(t, dir, names)
	for _, tracked := range []bool{false, true} {
		got := look(t, open(t, dir, tree.Options{}))
		if diff := cmp.Diff(names, got.Content); diff != "" {
			t.Errorf("tracked %v (-want +got)\n%s", tracked, diff)
		}
		run("add", "-A")
	}
	got := look(t, open(t, filepath.Join(dir, "d\n"), tree.Options{}))
	if diff := cmp.Diff([]string{"d\n/e\xfe"}, got.paths()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// TestAForgedIndexLeadsNowhere plants paths that git itself refuses to write.
func TestAForgedIndexLeadsNowhere(t *testing.T) {
	dir, run := gitRepo(t)
	write(t, dir, map[string]string{"aaaaaaaaaaaaa": "x"})
	run("-c", "index.version=2", "add", "-A")
	index := filepath.Join(dir, ".git/index")
	data, err := os.ReadFile(index)
	if err != nil {
		t.Fatal(err)
	}
	// The checksum at the end is not verified by ls-files in every version; where
	// it is, the walk fails, which is as good.
	forged := strings.Replace(string(data), "aaaaaaaaaaaaa", "../etc/passwd", 1)
	if err := os.WriteFile(index, []byte(forged), 0o644); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Dir(dir), map[string]string{"etc/passwd": "outside"})
	v := newVisitor()
	err = walk(t.Context(), open(t, dir, tree.Options{}), v)
	for _, e := range v.Entries {
		if e.Path != "aaaaaaaaaaaaa" {
			t.Errorf("offered %+v", e)
		}
	}
	if err == nil && len(v.seen.Failed) == 0 {
		t.Error("no word about the forged path")
	}
}

func TestEntriesOfKindsInGit(t *testing.T) {
	dir, run := gitRepo(t)
	symlink(t, "/etc/passwd", filepath.Join(dir, "link"))
	write(t, dir, map[string]string{"file": "x"})
	run("add", "-A")
	got := look(t, open(t, dir, tree.Options{}))
	want := []scan.Entry{
		{Path: "file", Mode: 0o644, Size: 1},
		{Path: "link", Kind: scan.Symlink, Mode: 0o777, Link: "/etc/passwd"},
	}
	if diff := cmp.Diff(want, got.Entries); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
