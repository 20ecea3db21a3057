package history_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/boltseal/boltseal/internal/git"
	"github.com/boltseal/boltseal/internal/scan"
	"github.com/boltseal/boltseal/internal/source/history"
)

// clock gives each commit a second of its own.
var clock atomic.Int64

// gitIn runs git with no configuration of this machine.
func gitIn(t testing.TB, dir string, args ...string) string {
	t.Helper()
	cmd := exec.Command("git", args...)
	cmd.Dir = dir
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null",
		"GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@example.com", "GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@example.com",
		fmt.Sprintf("GIT_COMMITTER_DATE=%d +0000", 1_700_000_000+clock.Add(1)),
	}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("git %v: %v\n%s", args, err, out)
	}
	return strings.TrimSpace(string(out))
}

func newRepo(t testing.TB) string {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("needs the git program")
	}
	dir := t.TempDir()
	gitIn(t, dir, "init", "-q", "-b", "main")
	return dir
}

// commit writes files and commits them.
func commit(t testing.TB, dir string, files map[string]string) string {
	t.Helper()
	for path, data := range files {
		full := filepath.Join(dir, filepath.FromSlash(path))
		if err := errors.Join(os.MkdirAll(filepath.Dir(full), 0o755), os.WriteFile(full, []byte(data), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	gitIn(t, dir, "add", "-A", "-f")
	gitIn(t, dir, "commit", "-q", "--allow-empty", "-m", "c")
	return gitIn(t, dir, "rev-parse", "HEAD")
}

// fastImport makes n commits at once; commit i adds line i to a file, at a time of its
// own.
func fastImport(t testing.TB, dir, branch string, from, n int) {
	t.Helper()
	var in strings.Builder
	for i := range n {
		text := fmt.Sprintf("%s %d\n", branch, i)
		fmt.Fprintf(&in, "commit refs/heads/%s\ncommitter a <a@example.com> %d +0000\ndata 1\nc\n", branch, from+i)
		if i == 0 && branch != "main" {
			in.WriteString("from refs/heads/main\n")
		}
		fmt.Fprintf(&in, "M 100644 inline %s/%d\ndata %d\n%s\n", branch, i, len(text), text)
	}
	cmd := exec.Command("git", "fast-import", "--quiet", "--force")
	cmd.Dir, cmd.Stdin = dir, strings.NewReader(in.String())
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null"}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

func open(t testing.TB, dir string, revs ...string) *history.Source {
	t.Helper()
	src, err := history.Open(t.Context(), dir, history.Options{Revs: revs})
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

// seen is what the walks of all units tell.
type seen struct {
	Entries []string
	Failed  []string
}

type visitor struct{ seen }

func (v *visitor) Entry(e scan.Entry, open func() (io.ReadCloser, error)) error {
	r, err := open()
	if err != nil {
		return err
	}
	defer r.Close()
	data, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	if int64(len(data)) != e.Size || e.Kind != scan.File || len(e.Commit) < 40 {
		return fmt.Errorf("entry %+v with %d bytes", e, len(data))
	}
	v.Entries = append(v.Entries, fmt.Sprintf("%.8s %s:%d %q", e.Commit, e.Path, e.Line, data))
	return nil
}

func (v *visitor) Skipped(path, reason string) {
	v.seen.Failed = append(v.seen.Failed, path+" "+reason)
}

func (v *visitor) Failed(path string, err error) {
	v.seen.Failed = append(v.seen.Failed, path+": "+err.Error())
}

func look(t testing.TB, src scan.Source) seen {
	t.Helper()
	v := &visitor{}
	for _, u := range src.Units() {
		if err := u.Walk(t.Context(), v); err != nil {
			t.Error(err)
		}
	}
	return v.seen
}

func TestEntries(t *testing.T) {
	dir := newRepo(t)
	one := commit(t, dir, map[string]string{"d/a": "1\n2\n", "bin": "\x00\x01", "b\xff": "x"})
	two := commit(t, dir, map[string]string{"d/a": "0\n1\n2\n3\n"})
	src := open(t, dir)
	want := seen{Entries: []string{
		fmt.Sprintf("%.8s bin:0 %q", one, "\x00\x01"), fmt.Sprintf("%.8s b\xff:1 %q", one, "x"), fmt.Sprintf("%.8s d/a:1 %q", one, "1\n2\n"),
		fmt.Sprintf("%.8s d/a:1 %q", two, "0\n"), fmt.Sprintf("%.8s d/a:4 %q", two, "3\n"),
	}}
	got := look(t, src)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	target := scan.Target{Kind: scan.KindHistory, Name: "git:" + filepath.ToSlash(dir), Digest: two}
	if diff := cmp.Diff(target, src.Target()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if got := look(t, open(t, filepath.Join(dir, "d"), two)); len(got.Entries) != 3 {
		t.Errorf("below a folder: %q", got.Entries)
	}
	ranged := open(t, dir, one+".."+two)
	if got := look(t, ranged); len(got.Entries) != 2 || !strings.HasSuffix(ranged.Target().Name, "@"+one+".."+two) {
		t.Errorf("of a range: %q, %q", got.Entries, ranged.Target().Name)
	}
}

func TestABranchOfFiveHundredCommits(t *testing.T) {
	dir := newRepo(t)
	fastImport(t, dir, "main", 1_700_000_000, 10)
	fastImport(t, dir, "work", 1_700_001_000, 500)
	src := open(t, dir, "main..work")
	got := look(t, src)
	if len(got.Entries) != 500 || len(got.Failed) != 0 || src.Commits() != 500 {
		t.Errorf("%d entries, failed %q", len(got.Entries), got.Failed)
	}
}

// digests are those of all units.
func digests(src scan.Source) map[string]bool {
	out := map[string]bool{}
	for _, u := range src.Units() {
		out[u.Digest] = true
	}
	return out
}

func TestBlocksStayWhenCommitsCome(t *testing.T) {
	dir := newRepo(t)
	fastImport(t, dir, "main", 1_700_000_000, 2000)
	before := digests(open(t, dir))
	if len(before) < 8 {
		t.Fatalf("%d blocks", len(before))
	}
	for name, from := range map[string]int{"at the end": 1_700_100_000, "in the middle": 1_700_001_000} {
		t.Run(name, func(t *testing.T) {
			fastImport(t, dir, "side", from, 1)
			after := digests(open(t, dir))
			lost := 0
			for d := range before {
				if !after[d] {
					lost++
				}
			}
			if lost > 3 {
				t.Errorf("%d of %d blocks changed", lost, len(before))
			}
			gitIn(t, dir, "branch", "-D", "side")
		})
	}
}

func TestWhatIsNotThereIsTold(t *testing.T) {
	t.Run("a shallow clone", func(t *testing.T) {
		dir := newRepo(t)
		fastImport(t, dir, "main", 1_700_000_000, 10)
		clone := filepath.Join(t.TempDir(), "clone")
		gitIn(t, dir, "clone", "-q", "--depth=4", "file://"+dir, clone)
		got := look(t, open(t, clone))
		if len(got.Failed) != 1 || !strings.Contains(got.Failed[0], "shallow clone") || !strings.Contains(got.Failed[0], "fetch-depth: 0") {
			t.Errorf("failed %q", got.Failed)
		}
		if got := look(t, open(t, clone, "HEAD~2..HEAD")); len(got.Failed) != 0 || len(got.Entries) != 2 {
			t.Errorf("within: failed %q, %d entries", got.Failed, len(got.Entries))
		}
	})
	t.Run("a ref that leads to nothing", func(t *testing.T) {
		dir := newRepo(t)
		commit(t, dir, map[string]string{"a": "a\n"})
		lost := strings.Repeat("12", 20)
		if err := os.WriteFile(filepath.Join(dir, ".git/refs/heads/lost"), []byte(lost+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		got := look(t, open(t, dir))
		if len(got.Entries) != 1 || len(got.Failed) != 1 || !strings.Contains(got.Failed[0], lost) {
			t.Errorf("%+v", got)
		}
	})
	t.Run("a ref that is none", func(t *testing.T) {
		dir := newRepo(t)
		commit(t, dir, map[string]string{"a": "a\n"})
		if err := os.WriteFile(filepath.Join(dir, ".git/refs/heads/bad"), []byte("rubbish\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		got := look(t, open(t, dir))
		if len(got.Entries) != 1 || len(got.Failed) != 1 || !strings.Contains(got.Failed[0], "bad") {
			t.Errorf("%+v", got)
		}
	})
	t.Run("a commit in the middle", func(t *testing.T) {
		dir := newRepo(t)
		commit(t, dir, map[string]string{"a": "a\n"})
		gone := commit(t, dir, map[string]string{"b": "b\n"})
		commit(t, dir, map[string]string{"c": "c\n"})
		if err := os.Remove(filepath.Join(dir, ".git/objects", gone[:2], gone[2:])); err != nil {
			t.Fatal(err)
		}
		got := look(t, open(t, dir))
		if len(got.Failed) == 0 {
			t.Errorf("%+v", got)
		}
	})
	t.Run("no commits", func(t *testing.T) {
		src := open(t, newRepo(t))
		if len(src.Units()) != 0 || len(src.Notes()) != 1 || src.Target().Digest != "" {
			t.Errorf("%d units, notes %q", len(src.Units()), src.Notes())
		}
	})
}

func TestOpenRefuses(t *testing.T) {
	dir := newRepo(t)
	commit(t, dir, map[string]string{"a": "a\n"})
	if _, err := history.Open(t.Context(), t.TempDir(), history.Options{}); !errors.Is(err, git.ErrNoRepository) {
		t.Errorf("no repository: %v", err)
	}
	if _, err := history.Open(t.Context(), dir, history.Options{Revs: []string{"none..HEAD"}}); !errors.Is(err, git.ErrRevision) {
		t.Errorf("no such revision: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := history.Open(ctx, dir, history.Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("canceled: %v", err)
	}
	if _, err := history.Open(t.Context(), filepath.Join(dir, "none"), history.Options{}); err == nil {
		t.Error("a folder that does not exist: no error")
	}
}
