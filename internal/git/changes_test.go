package git_test

import (
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/boltseal/boltseal/internal/git"
)

func TestStaged(t *testing.T) {
	dir := newRepo(t, map[string]string{"same": "x", "edited": "x", "gone": "x", "moved": numbered(20), "type": "x", "run": "x"})
	write(t, dir, "edited", "staged")
	write(t, dir, "new\n\xff", "new")
	write(t, dir, "d/new", "new")
	remove(t, dir, "gone")
	remove(t, dir, "type")
	link(t, "same", filepath.Join(dir, "type"))
	run(t, dir, "mv", "moved", "there")
	if err := os.Chmod(filepath.Join(dir, "run"), 0o755); err != nil {
		t.Fatal(err)
	}
	run(t, dir, "add", "-A")
	write(t, dir, "edited", "changed again")
	write(t, dir, "untracked", "x")
	write(t, dir, "intended", "x")
	run(t, dir, "add", "-N", "intended")
	_, o := objects(t, dir)
	b := o.Blobs(t.Context())
	defer b.Close()
	describe := func(sub string) []string {
		changes, err := o.Staged(t.Context(), sub)
		if err != nil {
			t.Fatal(err)
		}
		var out []string
		for _, c := range changes {
			text := ""
			if c.Status != 'D' {
				size, err := b.Size(c.Blob)
				if err != nil {
					t.Fatal(c.Path, err)
				}
				r, err := b.Open(c.Blob)
				if err != nil {
					t.Fatal(err)
				}
				data, err := io.ReadAll(r)
				if err != nil || int64(len(data)) != size {
					t.Fatal(err, len(data), size)
				}
				text = string(data)[:min(len(data), 8)]
			}
			out = append(out, string(c.Status)+" "+c.Path+" "+text)
		}
		return out
	}
	want := []string{
		"A d/new new", "M edited staged", "D gone ", "D moved ", "A new\n\xff new", "M run x", "A there aaa\nbbbb", "T type same",
	}
	if diff := cmp.Diff(want, describe("")); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if diff := cmp.Diff([]string{"A d/new new"}, describe("d")); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}

	t.Run("before the first commit", func(t *testing.T) {
		for _, format := range []string{"sha1", "sha256"} {
			dir := t.TempDir()
			run(t, dir, "init", "-q", "--object-format="+format)
			write(t, dir, "a", "x")
			run(t, dir, "add", "a")
			_, o := objects(t, dir)
			changes, err := o.Staged(t.Context(), "")
			if err != nil || len(changes) != 1 || changes[0].Path != "a" || changes[0].Mode != git.ModeRegular {
				t.Errorf("%s: %v, %v", format, changes, err)
			}
		}
	})
	t.Run("in a split index", func(t *testing.T) {
		dir := newRepo(t, map[string]string{"a": "x", "b": "x"})
		run(t, dir, "update-index", "--split-index")
		write(t, dir, "c", "x")
		run(t, dir, "add", "c")
		_, o := objects(t, dir)
		changes, err := o.Staged(t.Context(), "")
		if err != nil || len(changes) != 1 {
			t.Errorf("%v, %v", changes, err)
		}
	})
}

func TestUnchanged(t *testing.T) {
	dir := newRepo(t, map[string]string{"same": "x", "edited": "x", "committed": "x", "gone": "x", "assumed": "x", "d/same": "x"})
	base := run(t, dir, "rev-parse", "HEAD")
	write(t, dir, "committed", "later")
	write(t, dir, "added", "later")
	commit(t, dir, "second")
	write(t, dir, "edited", "now")
	remove(t, dir, "gone")
	write(t, dir, "untracked", "x")
	write(t, dir, "staged", "x")
	run(t, dir, "add", "staged")
	run(t, dir, "update-index", "--assume-unchanged", "assumed")
	write(t, dir, "assumed", "changed although")
	_, o := objects(t, dir)
	for sub, want := range map[string][]string{"": {"d/same", "same"}, "d": {"d/same"}} {
		got, err := o.Unchanged(t.Context(), base, sub)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, slices.Sorted(maps.Keys(got))); diff != "" {
			t.Errorf("%q (-want +got)\n%s", sub, diff)
		}
	}
}

func TestAConflictIsStagedAsOne(t *testing.T) {
	dir := newRepo(t, map[string]string{"a": "base\n"})
	run(t, dir, "checkout", "-q", "-b", "other")
	write(t, dir, "a", "other\n")
	commit(t, dir, "other")
	run(t, dir, "checkout", "-q", "main")
	write(t, dir, "a", "main\n")
	commit(t, dir, "main")
	if out, err := try(dir, "merge", "other"); err == nil {
		t.Fatal(out)
	}
	_, o := objects(t, dir)
	changes, err := o.Staged(t.Context(), "")
	if err != nil || len(changes) != 1 || changes[0].Status != 'U' {
		t.Errorf("%v, %v", changes, err)
	}
}

func TestBlobs(t *testing.T) {
	large := strings.Repeat("0123456789", 1<<19)
	dir := newRepo(t, map[string]string{"a": "small", "large": large, "empty": ""})
	id := func(path string) string { return run(t, dir, "rev-parse", "HEAD:"+path) }
	ids := map[string]string{"small": id("a"), large: id("large"), "": id("empty")}
	missing := strings.Repeat("0123456789", 4)
	_, o := objects(t, dir)
	b := o.Blobs(t.Context())
	defer b.Close()
	for range 2 {
		for want, id := range ids {
			if n, err := b.Size(id); n != int64(len(want)) || err != nil {
				t.Errorf("size %d, %v; want %d", n, err, len(want))
			}
			r, err := b.Open(id)
			if err != nil {
				t.Fatal(err)
			}
			data, err := io.ReadAll(r)
			if string(data) != want || err != nil {
				t.Errorf("%d bytes, %v; want %d", len(data), err, len(want))
			}
		}
		// What is left in the middle is no trouble to the next one.
		r, err := b.Open(ids[large])
		if err != nil {
			t.Fatal(err)
		}
		if _, err := r.Read(make([]byte, 10)); err != nil {
			t.Error(err)
		}
		for _, bad := range []string{missing, run(t, dir, "rev-parse", "HEAD"), "HEAD", "a\nb", ""} {
			if _, err := b.Size(bad); err == nil {
				t.Errorf("%q has a size", bad)
			}
			if _, err := b.Open(bad); err == nil {
				t.Errorf("%q was opened", bad)
			}
		}
	}
}
