package tree_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/boltseal/boltseal/internal/git"
	"github.com/boltseal/boltseal/internal/scan"
	"github.com/boltseal/boltseal/internal/source/tree"
)

// reader reads each entry while it is offered, as a sequential unit wants.
type reader struct {
	content         map[string]string
	links           map[string]string
	skipped, failed []string
}

func (r *reader) Entry(e scan.Entry, open func() (io.ReadCloser, error)) error {
	if e.Kind == scan.Symlink {
		r.links[e.Path] = e.Link
		return nil
	}
	c, err := open()
	if err != nil {
		return err
	}
	data, err := io.ReadAll(c)
	r.content[e.Path] = string(data)
	if int64(len(data)) != e.Size {
		err = errors.Join(err, errors.New("size is wrong"))
	}
	return errors.Join(err, c.Close())
}
func (r *reader) Skipped(path, reason string) { r.skipped = append(r.skipped, path+": "+reason) }
func (r *reader) Failed(path string, _ error) { r.failed = append(r.failed, path) }

func readStaged(t *testing.T, dir string) *reader {
	t.Helper()
	src, err := tree.OpenStaged(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	if want := (scan.Target{Kind: scan.KindTree, Name: "staged:" + filepath.ToSlash(dir)}); src.Target() != want {
		t.Errorf("target %+v", src.Target())
	}
	r := &reader{content: map[string]string{}, links: map[string]string{}}
	for _, u := range src.Units() {
		if err := u.Walk(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	return r
}

func TestStagedContentIsThatOfTheIndex(t *testing.T) {
	dir, run := gitRepo(t)
	write(t, dir, map[string]string{"same": "same", "edited": "before", "gone": "x", "d/x": "x"})
	run("add", ".")
	if got := readStaged(t, dir); len(got.content) != 4 {
		t.Errorf("before the first commit: %v", got.content)
	}
	run("commit", "-q", "-m", "first")
	write(t, dir, map[string]string{"edited": "staged", "new": "new", "d/y": "below"})
	symlink(t, "same", filepath.Join(dir, "link"))
	run("rm", "-q", "gone")
	run("add", "-A")
	run("update-index", "--add", "--cacheinfo", "160000,0123456789012345678901234567890123456789,sub")
	write(t, dir, map[string]string{"edited": "later", "untracked": "x"})
	if err := os.Remove(filepath.Join(dir, "new")); err != nil {
		t.Fatal(err)
	}
	got := readStaged(t, dir)
	want := &reader{
		content: map[string]string{"edited": "staged", "new": "new", "d/y": "below"},
		links:   map[string]string{"link": "same"},
		skipped: []string{"sub: " + tree.SkippedSubmodule},
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(reader{})); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	below := readStaged(t, filepath.Join(dir, "d"))
	if diff := cmp.Diff(map[string]string{"d/y": "below"}, below.content); diff != "" {
		t.Errorf("below a folder (-want +got)\n%s", diff)
	}
	if _, err := tree.OpenStaged(t.Context(), t.TempDir()); !errors.Is(err, git.ErrNoRepository) {
		t.Errorf("no repository: %v", err)
	}
}

func TestChangedSince(t *testing.T) {
	dir, run := gitRepo(t)
	write(t, dir, map[string]string{"same": "x", "edited": "x", "d/same": "x", "d/edited": "x", "theirs": "x"})
	run("add", ".")
	run("commit", "-q", "-m", "first")
	run("branch", "work")
	write(t, dir, map[string]string{"theirs": "changed on the main branch"})
	run("commit", "-q", "-am", "main goes on")
	run("checkout", "-q", "work")
	write(t, dir, map[string]string{"edited": "y", "added": "y"})
	run("add", ".")
	run("commit", "-q", "-m", "work")
	write(t, dir, map[string]string{"d/edited": "not committed", "untracked": "y"})
	unchanged := func(path string, opt tree.Options) []string {
		var out []string
		for _, e := range look(t, open(t, path, opt)).Entries {
			if e.Unchanged {
				out = append(out, e.Path)
			}
		}
		slices.Sort(out)
		return out
	}
	since := tree.Options{ChangedSince: "main"}
	for name, tt := range map[string]struct {
		path string
		opt  tree.Options
		want []string
	}{
		"the repository":    {dir, since, []string{"d/same", "same", "theirs"}},
		"a folder":          {filepath.Join(dir, "d"), since, []string{"d/same"}},
		"a file":            {filepath.Join(dir, "same"), since, []string{"same"}},
		"a file that is":    {filepath.Join(dir, "edited"), since, nil},
		"without gitignore": {dir, tree.Options{ChangedSince: "main", NoGitignore: true}, []string{"d/same", "same", "theirs"}},
		"nothing compared":  {dir, tree.Options{}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, unchanged(tt.path, tt.opt)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
	if _, err := tree.Open(t.Context(), dir, tree.Options{ChangedSince: "none"}); !errors.Is(err, git.ErrRevision) {
		t.Errorf("no such revision: %v", err)
	}
	if _, err := tree.Open(t.Context(), t.TempDir(), tree.Options{ChangedSince: "main"}); !errors.Is(err, git.ErrNoRepository) {
		t.Errorf("no repository: %v", err)
	}
}
