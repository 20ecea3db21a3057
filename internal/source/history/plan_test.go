package history

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/boltseal/boltseal/internal/scan"
)

// hunks takes what a walk offers of files that are not vendored, and counts the
// others.
type hunks struct {
	t        *testing.T
	wanted   []string
	vendored map[string]bool
}

func isVendored(path string) bool {
	return strings.HasPrefix(path, "vendor/a/") || strings.HasPrefix(path, "vendor/b/") || strings.HasSuffix(path, ".sum")
}

func (h *hunks) Entry(e scan.Entry, open func() (io.ReadCloser, error)) error {
	if isVendored(e.Path) {
		h.vendored[e.Commit+" "+e.Path] = true
		return nil
	}
	if e.Size == 0 {
		return nil
	}
	r, err := open()
	if err != nil {
		h.t.Fatal(err)
	}
	text, err := io.ReadAll(r)
	if err != nil {
		h.t.Fatal(err)
	}
	h.wanted = append(h.wanted, fmt.Sprintf("%s %s:%d %q", e.Commit, e.Path, e.Line, text))
	return r.Close()
}
func (h *hunks) Skipped(_, _ string)           {}
func (h *hunks) Failed(path string, err error) { h.t.Errorf("%s: %v", path, err) }

// choosing leaves vendored files out.
type choosing struct{ *hunks }

func (choosing) Leaves(path string) bool { return isVendored(path) }

// walkAll walks all of a history.
func walkAll(t *testing.T, dir string, many int, visitor func(*hunks) scan.Visitor) (*hunks, *Source) {
	t.Helper()
	s, err := Open(t.Context(), dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	s.vendored.many = many
	h := &hunks{t: t, vendored: make(map[string]bool)}
	for _, u := range s.Units() {
		if err := u.Walk(context.Background(), visitor(h)); err != nil { //nolint:usetesting // as a run does it
			t.Fatal(err)
		}
	}
	slices.Sort(h.wanted)
	return h, s
}

// TestWhatIsVendoredIsLeftOut holds that leaving folders out changes nothing of what
// is shown of other files: over histories that add, change, delete and move files in
// and out of the folders at random.
func TestWhatIsVendoredIsLeftOut(t *testing.T) {
	for seed := range uint64(6) {
		dir := t.TempDir()
		randomHistory(t, dir, rand.New(rand.NewPCG(seed, 1)))
		all, _ := walkAll(t, dir, 1, func(h *hunks) scan.Visitor { return h })
		cut, s := walkAll(t, dir, 1, func(h *hunks) scan.Visitor { return choosing{h} })
		if diff := cmp.Diff(all.wanted, cut.wanted); diff != "" {
			t.Errorf("seed %d: -all +cut\n%s", seed, diff)
		}
		for file := range all.vendored {
			if !cut.vendored[file] {
				t.Errorf("seed %d: %s is not counted", seed, file)
			}
		}
		below, _ := walkAll(t, filepath.Join(dir, "vendor"), 1, func(h *hunks) scan.Visitor { return h })
		cutBelow, _ := walkAll(t, filepath.Join(dir, "vendor"), 1, func(h *hunks) scan.Visitor { return choosing{h} })
		if diff := cmp.Diff(below.wanted, cutBelow.wanted); diff != "" {
			t.Errorf("seed %d, below vendor: -all +cut\n%s", seed, diff)
		}
		if len(s.vendored.list) == 0 {
			t.Errorf("seed %d: no folder was left out", seed)
		}
	}
}

// TestAMergeShowsWhatNoParentHas: also where the file was renamed on one side, so
// that its lines are in a parent under another name.
func TestAMergeShowsWhatNoParentHas(t *testing.T) {
	dir := t.TempDir()
	git := gitIn(t, dir)
	git("init", "-q", "-b", "main")
	lines := make([]string, 40)
	for i := range lines {
		lines[i] = fmt.Sprintf("line %d\n", i)
	}
	write := func(file string) {
		if err := os.WriteFile(filepath.Join(dir, file), []byte(strings.Join(lines, "")), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("old")
	write("stays")
	git("add", "-A")
	git("commit", "-q", "-m", "c")
	git("checkout", "-q", "-b", "side")
	lines[3] = "from the side\n"
	write("old")
	write("stays")
	git("commit", "-q", "-a", "-m", "side")
	git("checkout", "-q", "main")
	git("mv", "old", "new")
	git("commit", "-q", "-m", "renamed")
	git("merge", "-q", "--no-ff", "--no-commit", "side")
	lines[30] = "by the merge\n"
	write("new")
	git("commit", "-q", "-a", "-m", "merge")
	head, err := exec.CommandContext(t.Context(), "git", "-C", dir, "rev-parse", "HEAD").Output()
	if err != nil {
		t.Fatal(err)
	}
	h, _ := walkAll(t, dir, 1, func(h *hunks) scan.Visitor { return choosing{h} })
	var got []string
	for _, w := range h.wanted {
		if of, what, _ := strings.Cut(w, " "); of == strings.TrimSpace(string(head)) {
			got = append(got, what)
		}
	}
	if diff := cmp.Diff([]string{`new:31 "by the merge\n"`}, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

// stopping takes no entry.
type stopping struct{ choosing }

var errStopped = errors.New("stopped")

func (stopping) Entry(scan.Entry, func() (io.ReadCloser, error)) error { return errStopped }

// TestAVisitorThatStopsIsNoWholeWalk: also where all that it was offered is left out.
func TestAVisitorThatStopsIsNoWholeWalk(t *testing.T) {
	dir := t.TempDir()
	git := gitIn(t, dir)
	git("init", "-q", "-b", "main")
	file := filepath.Join(dir, "go.sum")
	if err := os.WriteFile(file, []byte("a\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	git("add", "-A")
	git("commit", "-q", "-m", "c")
	s, err := Open(t.Context(), dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	h := &hunks{t: t, vendored: make(map[string]bool)}
	if err := s.Units()[0].Walk(t.Context(), stopping{choosing{h}}); !errors.Is(err, errStopped) {
		t.Errorf("error %v, want that of the visitor", err)
	}
}

// gitIn gives a function that runs git without this machine's configuration.
func gitIn(t *testing.T, dir string) func(args ...string) {
	return func(args ...string) {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), "git", args...)
		cmd.Dir = dir
		cmd.Env = []string{
			"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null",
			"GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@example.com", "GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@example.com",
		}
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, out)
		}
	}
}

func randomHistory(t *testing.T, dir string, rng *rand.Rand) {
	t.Helper()
	git := gitIn(t, dir)
	git("init", "-q", "-b", "main")
	folders := []string{"vendor/a", "vendor/a/deep", "vendor/b", "vendor/c", "own", "own/a [x]*?", "."}
	name := func() string {
		return filepath.Join(dir, folders[rng.IntN(len(folders))], fmt.Sprintf("f%d%s", rng.IntN(6), []string{"", ".sum"}[rng.IntN(5)/4]))
	}
	var files []string
	for range 25 {
		for range 1 + rng.IntN(5) {
			file := name()
			switch n := rng.IntN(4); {
			case n == 0 && len(files) > 0:
				os.Remove(files[rng.IntN(len(files))])
			case n == 1 && len(files) > 0:
				os.MkdirAll(filepath.Dir(file), 0o755)
				os.Rename(files[rng.IntN(len(files))], file)
				files = append(files, file)
			default:
				var text strings.Builder
				kind := rng.IntN(3)
				for i := range 20 {
					fmt.Fprintf(&text, "line %d of kind %d\n", i, kind)
				}
				fmt.Fprintf(&text, "this is %d\n", rng.IntN(100))
				os.MkdirAll(filepath.Dir(file), 0o755)
				if err := os.WriteFile(file, []byte(text.String()), 0o644); err != nil {
					t.Fatal(err)
				}
				files = append(files, file)
			}
		}
		git("add", "-A", "-f")
		git("commit", "-q", "--allow-empty", "-m", "c")
	}
	for i, base := range []string{"HEAD~6", "HEAD~3"} {
		git("checkout", "-q", "-b", fmt.Sprintf("side%d", i), base)
		write := func(file, text string) {
			full := filepath.Join(dir, file)
			os.MkdirAll(filepath.Dir(full), 0o755)
			if err := os.WriteFile(full, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		write("own/side", "side\n")
		write("vendor/a/side", "side\n")
		for _, file := range files[:rng.IntN(len(files))] {
			old, err := os.ReadFile(file)
			if err != nil {
				old, err = os.ReadFile(filepath.Join(dir, file))
			}
			switch {
			case err != nil:
			case rng.IntN(3) == 0:
				to := name()
				os.MkdirAll(filepath.Dir(to), 0o755)
				os.Rename(file, to)
			default:
				write(strings.TrimPrefix(file, dir+"/"), string(old)+"changed beside\n")
			}
		}
		git("add", "-A", "-f")
		git("commit", "-q", "-m", "side")
		git("checkout", "-q", "main")
		// What conflicts is taken as it was left, marks and all.
		cmd := exec.CommandContext(t.Context(), "git", "-c", "user.name=a", "-c", "user.email=a@example.com", "merge", "-q", "--no-ff", "--no-commit", fmt.Sprintf("side%d", i))
		cmd.Dir = dir
		_ = cmd.Run()
		if i == 0 {
			write("evil", "in the merge alone\n")
		}
		for _, file := range files {
			if rel, err := filepath.Rel(dir, file); err == nil && rng.IntN(4) == 0 {
				if old, err := os.ReadFile(file); err == nil {
					write(rel, string(old)+"by the merge\n")
				}
			}
		}
		git("add", "-A", "-f")
		git("commit", "-q", "-m", "merge")
	}
}
