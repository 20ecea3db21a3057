package tree_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/boltseal/boltseal/internal/scan"
	"github.com/boltseal/boltseal/internal/source/tree"
)

func TestADirectoryOutsideGit(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, map[string]string{
		"a.txt": "A", "a/x": "AX", "a/b/y": "ABY", "a-b": "dash", ".hidden": "H", ".gitignore": "*\n", "empty": "",
		".git/config": "not looked at", "a/.git/HEAD": "nor this", "z": "Z",
	})
	if err := os.Chmod(filepath.Join(dir, "z"), 0o755|fs.ModeSetuid); err != nil {
		t.Fatal(err)
	}
	got := look(t, open(t, dir, tree.Options{}))
	file := func(p string, size int64) scan.Entry { return scan.Entry{Path: p, Mode: 0o644, Size: size} }
	z := file("z", 1)
	z.Mode = 0o755 | fs.ModeSetuid
	want := seen{
		Entries: []scan.Entry{
			file(".gitignore", 2), file(".hidden", 1), file("a-b", 4), file("a.txt", 1), file("a/b/y", 3), file("a/x", 2), file("empty", 0), z,
		},
		Content: map[string]string{
			".gitignore": "*\n", ".hidden": "H", "a-b": "dash", "a.txt": "A", "a/b/y": "ABY", "a/x": "AX", "empty": "", "z": "Z",
		},
		Skipped: map[string]int{tree.SkippedGit: 1}, Failed: map[string]string{},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if !slices.IsSorted(got.paths()) {
		t.Errorf("not sorted: %q", got.paths())
	}
}

func TestNamesOfTargets(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, map[string]string{"sub/Dockerfile": "FROM scratch\n"})
	t.Chdir(dir)
	for typed, want := range map[string]string{
		".": "dir:.", "./": "dir:.", "sub/": "dir:sub", "./sub/../sub": "dir:sub", "sub/Dockerfile": "dir:sub/Dockerfile",
	} {
		src := open(t, typed, tree.Options{})
		if diff := cmp.Diff(scan.Target{Kind: scan.KindTree, Name: want}, src.Target()); diff != "" {
			t.Errorf("%s (-want +got)\n%s", typed, diff)
		}
		units := src.Units()
		if len(units) != 1 || units[0].Name != "work tree" || units[0].Digest != "" || units[0].Sequential {
			t.Errorf("%s: units %+v", typed, units)
		}
	}
}

func TestASingleFileIsNamed(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, map[string]string{"sub/Dockerfile": "FROM scratch\n", "sub/other": "x"})
	got := look(t, open(t, filepath.Join(dir, "sub/Dockerfile"), tree.Options{}))
	want := []scan.Entry{{Path: "Dockerfile", Mode: 0o644, Size: 13, Named: true}}
	if diff := cmp.Diff(want, got.Entries); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}

	repo, run := gitRepo(t)
	write(t, repo, map[string]string{".gitignore": "*.env\n", "app/prod.env": "KEY=1", "app/x": "x"})
	run("add", "app/x")
	got = look(t, open(t, filepath.Join(repo, "app/prod.env"), tree.Options{}))
	want = []scan.Entry{{Path: "app/prod.env", Mode: 0o644, Size: 5, Named: true}}
	if diff := cmp.Diff(want, got.Entries); diff != "" {
		t.Errorf("ignored, in a repository (-want +got)\n%s", diff)
	}
}

func TestMissingAndOddTargets(t *testing.T) {
	dir := t.TempDir()
	_, err := tree.Open(t.Context(), filepath.Join(dir, "none"), tree.Options{})
	if !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "none") {
		t.Errorf("missing: got %v", err)
	}
	symlink(t, "loop", filepath.Join(dir, "loop"))
	if _, err := tree.Open(t.Context(), filepath.Join(dir, "loop"), tree.Options{}); err == nil {
		t.Error("a link to itself was opened")
	}
	if runtime.GOOS == "linux" {
		_, err = tree.Open(t.Context(), "/dev/null", tree.Options{})
		if err == nil || !strings.Contains(err.Error(), "use -") {
			t.Errorf("device: got %v", err)
		}
	}
}

func TestLinksAreOfferedAsLinks(t *testing.T) {
	outside := t.TempDir()
	write(t, outside, map[string]string{"passwd": "root", "dir/x": "x"})
	dir := t.TempDir()
	write(t, dir, map[string]string{"real/file": "x"})
	links := map[string]string{
		"abs": filepath.Join(outside, "passwd"), "dir": filepath.Join(outside, "dir"), "in": "real/file", "indir": "real", "up": "../../etc/passwd", "dangling": "none", "self": "self",
	}
	for name, to := range links {
		symlink(t, to, filepath.Join(dir, name))
	}
	got := look(t, open(t, dir, tree.Options{}))
	for _, e := range got.Entries {
		if to, ok := links[e.Path]; ok {
			if e.Kind != scan.Symlink || e.Link != to {
				t.Errorf("%s: kind %d, link %q", e.Path, e.Kind, e.Link)
			}
			delete(links, e.Path)
		} else if e.Path != "real/file" {
			t.Errorf("unexpected %s", e.Path)
		}
	}
	if len(links) > 0 || len(got.Failed) > 0 {
		t.Errorf("not offered: %v, failed: %v", links, got.Failed)
	}
}

// TestALinkThatTakesAFilesPlaceLeadsNowhere swaps a file for a link between the
// walk and the reading.
func TestALinkThatTakesAFilesPlaceLeadsNowhere(t *testing.T) {
	outside := t.TempDir()
	write(t, outside, map[string]string{"secret": "outside", "d/secret": "outside"})
	dir := t.TempDir()
	write(t, dir, map[string]string{"file": "inside", "d/secret": "inside"})
	v := newVisitor()
	if err := walk(t.Context(), open(t, dir, tree.Options{}), v); err != nil {
		t.Fatal(err)
	}
	for _, p := range []string{"file", "d"} {
		if err := os.RemoveAll(filepath.Join(dir, p)); err != nil {
			t.Fatal(err)
		}
	}
	symlink(t, filepath.Join(outside, "secret"), filepath.Join(dir, "file"))
	symlink(t, filepath.Join(outside, "d"), filepath.Join(dir, "d"))
	for _, p := range []string{"file", "d/secret"} {
		if r, err := v.opens[p](); err == nil {
			r.Close()
			t.Errorf("%s was opened through a link out of the tree", p)
		}
	}
}

func TestALinkedTarget(t *testing.T) {
	outside := t.TempDir()
	write(t, outside, map[string]string{"x/secret": "x"})
	repo, run := gitRepo(t)
	write(t, repo, map[string]string{"services/api/a": "x"})
	symlink(t, "services", filepath.Join(repo, "inside"))
	symlink(t, outside, filepath.Join(repo, "out"))
	run("add", "-A")

	got := look(t, open(t, filepath.Join(repo, "inside/api"), tree.Options{})).paths()
	if diff := cmp.Diff([]string{"services/api/a"}, got); diff != "" {
		t.Errorf("inside (-want +got)\n%s", diff)
	}
	for _, p := range []string{"out", "out/x", "out/x/secret"} {
		_, err := tree.Open(t.Context(), filepath.Join(repo, p), tree.Options{})
		if err == nil || !strings.Contains(err.Error(), "out of its repository") {
			t.Errorf("%s: got %v", p, err)
		}
	}

	users := t.TempDir()
	symlink(t, repo, filepath.Join(users, "project"))
	got = look(t, open(t, filepath.Join(users, "project"), tree.Options{})).paths()
	if diff := cmp.Diff([]string{"inside", "out", "services/api/a"}, got); diff != "" {
		t.Errorf("the user's own link (-want +got)\n%s", diff)
	}
}

func TestLimits(t *testing.T) {
	dir := t.TempDir()
	// Deeper than any path that the system takes as one string.
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	name := strings.Repeat("d", 200)
	for range 30 {
		if err := root.Mkdir(name, 0o755); err != nil {
			t.Fatal(err)
		}
		f, err := root.Create("file")
		if err != nil {
			t.Fatal(err)
		}
		f.Close()
		next, err := root.OpenRoot(name)
		if err != nil {
			t.Fatal(err)
		}
		root.Close()
		root = next
	}
	root.Close()
	src := open(t, dir, tree.Options{})
	v := newVisitor()
	if err := walk(t.Context(), src, v); err != nil {
		t.Fatal(err)
	}
	if n := len(v.Entries); n < 19 || n > 21 {
		t.Errorf("%d entries, want those with paths up to %d bytes", n, tree.MaxPath)
	}
	if len(v.seen.Failed) != 1 {
		t.Errorf("failed: %d, want the one folder that is too deep", len(v.seen.Failed))
	}
	for _, why := range v.seen.Failed {
		if !strings.Contains(why, "longer than") {
			t.Error(why)
		}
	}
}

func TestAWalkEndsWithItsContextAndItsVisitor(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, map[string]string{"a": "x", "b/c": "x", "d": "x"})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := walk(ctx, open(t, dir, tree.Options{}), newVisitor()); !errors.Is(err, context.Canceled) {
		t.Errorf("canceled: got %v", err)
	}
	v := newVisitor()
	v.stop = errors.New("enough")
	if err := walk(t.Context(), open(t, dir, tree.Options{}), v); !errors.Is(err, v.stop) || len(v.Entries) != 1 {
		t.Errorf("stopped: got %v after %d entries", err, len(v.Entries))
	}
}

func TestManyFilesInAndAroundManyFolders(t *testing.T) {
	dir := t.TempDir()
	files := map[string]string{}
	for i := range 3000 {
		files[string(rune('a'+i%26))+strings.Repeat("x", i%7)+"/"+strings.Repeat("y", i%11)+string(rune('0'+i%10))] = "x"
		files["flat/"+strings.Repeat("z", i%100)+string(rune('a'+i%26))] = "x"
	}
	write(t, dir, files)
	got := look(t, open(t, dir, tree.Options{}))
	if len(got.Entries) != len(files) || !slices.IsSorted(got.paths()) {
		t.Errorf("%d entries of %d, sorted %v", len(got.Entries), len(files), slices.IsSorted(got.paths()))
	}
}
