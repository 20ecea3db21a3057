//go:build unix

package tree_test

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/boltseal/boltseal/internal/scan"
	"github.com/boltseal/boltseal/internal/source/tree"
)

func TestALinkGivesTheFileInsideToWhichItLeads(t *testing.T) {
	outside := t.TempDir()
	write(t, outside, map[string]string{"secret": "outside"})
	dir, run := gitRepo(t)
	write(t, dir, map[string]string{"docker/Dockerfile": "FROM scratch\n", "sub/deep/x": "x", "empty": ""})
	if err := syscall.Mkfifo(filepath.Join(dir, "fifo"), 0o644); err != nil {
		t.Fatal(err)
	}
	const lost = "-"
	links := map[string]struct{ to, want string }{
		"in":              {"docker/Dockerfile", "FROM scratch\n"},
		"sub/up":          {"../docker/Dockerfile", "FROM scratch\n"},
		"sub/deep/around": {"../../sub/../docker/./Dockerfile", "FROM scratch\n"},
		"chain":           {"chained", "FROM scratch\n"},
		"chained":         {"sub/up", "FROM scratch\n"},
		"by-folder":       {"folder/Dockerfile", "FROM scratch\n"},
		"to-empty":        {"empty", ""},
		"folder":          {"docker", lost},
		"here":            {".", lost},
		"absolute":        {filepath.Join(outside, "secret"), lost},
		"absolute-inside": {filepath.Join(dir, "empty"), lost},
		"above":           {"../" + filepath.Base(outside) + "/secret", lost},
		"dangling":        {"none", lost},
		"self":            {"self", lost},
		"ping":            {"pong", lost},
		"pong":            {"ping", lost},
		"to-fifo":         {"fifo", lost},
		"git":             {".git", lost},
		"git-config":      {".git/config", lost},
		"by-git":          {"git/config", lost},
		"through-git":     {".git/../docker/Dockerfile", "FROM scratch\n"},
	}
	for name, l := range links {
		symlink(t, l.to, filepath.Join(dir, name))
	}
	run("add", "-A")
	for _, opt := range []tree.Options{{}, {NoGitignore: true}} {
		v := newVisitor()
		if err := walk(t.Context(), open(t, dir, opt), v); err != nil {
			t.Fatal(err)
		}
		seen := 0
		for _, e := range v.Entries {
			l, ok := links[e.Path]
			if !ok {
				continue
			}
			seen++
			got, size := lost, int64(0)
			if r, err := v.opens[e.Path](); err == nil {
				data, err := io.ReadAll(r)
				if err != nil || r.Close() != nil {
					t.Errorf("%s: %v", e.Path, err)
				}
				got, size = string(data), int64(len(data))
			} else if strings.Contains(err.Error(), dir) || strings.Contains(err.Error(), outside) {
				t.Errorf("%s: error tells a path of the machine: %v", e.Path, err)
			}
			if e.Kind != scan.Symlink || e.Link != l.to || got != l.want || e.Size != size {
				t.Errorf("%s: kind %d, link %q, %d bytes: %q, want %q", e.Path, e.Kind, e.Link, e.Size, got, l.want)
			}
		}
		if seen != len(links) || len(v.seen.Failed) > 0 {
			t.Errorf("%d links of %d, failed %v", seen, len(links), v.seen.Failed)
		}
	}
}

// TestALinkThatIsTurnedOutwardsAfterTheWalk changes where a link leads between the
// walk and the reading.
func TestALinkThatIsTurnedOutwardsAfterTheWalk(t *testing.T) {
	outside := t.TempDir()
	write(t, outside, map[string]string{"secret": "outside"})
	dir := t.TempDir()
	write(t, dir, map[string]string{"file": "inside"})
	symlink(t, "file", filepath.Join(dir, "link"))
	v := newVisitor()
	if err := walk(t.Context(), open(t, dir, tree.Options{}), v); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	symlink(t, filepath.Join(outside, "secret"), filepath.Join(dir, "link"))
	if r, err := v.opens["link"](); err == nil {
		r.Close()
		t.Error("opened what lies outside")
	}
}
