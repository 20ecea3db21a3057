package tree_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/boltseal/boltseal/internal/scan"
	"github.com/boltseal/boltseal/internal/source/tree"
)

// seen is what a walk told its visitor.
type seen struct {
	Entries []scan.Entry
	Content map[string]string // of the regular files
	Skipped map[string]int
	Failed  map[string]string
}

// visitor writes down what it is told. It reads the files after the walk, as a
// source that is not sequential allows.
type visitor struct {
	seen
	opens map[string]func() (io.ReadCloser, error)
	stop  error // what Entry answers
}

func (v *visitor) Entry(e scan.Entry, open func() (io.ReadCloser, error)) error {
	v.Entries = append(v.Entries, e)
	v.opens[e.Path] = open
	return v.stop
}

func (v *visitor) Skipped(_, reason string)      { v.seen.Skipped[reason]++ }
func (v *visitor) Failed(path string, err error) { v.seen.Failed[path] = err.Error() }

func newVisitor() *visitor {
	return &visitor{
		seen:  seen{Content: map[string]string{}, Skipped: map[string]int{}, Failed: map[string]string{}},
		opens: map[string]func() (io.ReadCloser, error){},
	}
}

func walk(ctx context.Context, src scan.Source, v *visitor) error {
	return src.Units()[0].Walk(ctx, v)
}

// look walks a source and reads all its files.
func look(t testing.TB, src scan.Source) seen {
	t.Helper()
	v := newVisitor()
	if err := walk(t.Context(), src, v); err != nil {
		t.Fatal(err)
	}
	for _, e := range v.Entries {
		r, err := v.opens[e.Path]()
		if e.Kind != scan.File {
			if err == nil {
				r.Close()
			}
			if err == nil && e.Kind != scan.Symlink {
				t.Errorf("%s: opened although it is no regular file", e.Path)
			}
			continue
		}
		if err != nil {
			t.Errorf("opening %s: %v", e.Path, err)
			continue
		}
		data, err := io.ReadAll(r)
		if err := errors.Join(err, r.Close()); err != nil {
			t.Errorf("reading %s: %v", e.Path, err)
		}
		v.Content[e.Path] = string(data)
	}
	return v.seen
}

// paths lists the entries in the order of the walk.
func (s seen) paths() []string {
	var out []string
	for _, e := range s.Entries {
		out = append(out, e.Path)
	}
	return out
}

func open(t testing.TB, path string, opt tree.Options) scan.Source {
	t.Helper()
	src, err := tree.Open(t.Context(), path, opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := src.Close(); err != nil {
			t.Error(err)
		}
	})
	return src
}

func write(t testing.TB, dir string, files map[string]string) {
	t.Helper()
	for path, data := range files {
		full := filepath.Join(dir, filepath.FromSlash(path))
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(full, []byte(data), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func symlink(t testing.TB, to, path string) {
	t.Helper()
	if err := os.Symlink(to, path); err != nil {
		t.Skipf("needs symbolic links: %v", err)
	}
}

// gitRepo makes an empty repository and gives a function that runs git in it.
func gitRepo(t testing.TB) (dir string, run func(args ...string)) {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("needs the git program")
	}
	dir = t.TempDir()
	run = func(args ...string) {
		t.Helper()
		cmd := exec.Command("git", args...)
		cmd.Dir = dir
		cmd.Env = []string{
			"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null",
			"GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@example.com", "GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@example.com",
		}
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatal(fmt.Errorf("git %v: %w\n%s", args, err, out))
		}
	}
	run("init", "-q", "-b", "main")
	return dir, run
}
