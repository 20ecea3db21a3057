package tree_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/boltseal/boltseal/internal/filecap"
	"github.com/boltseal/boltseal/internal/scan"
	"github.com/boltseal/boltseal/internal/source/tree"
)

// netRaw is how setcap stores cap_net_raw=ep, and setuid cap_setuid=p.
const (
	netRaw = "\x01\x00\x00\x02\x00\x20" + "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
	setuid = "\x00\x00\x00\x02\x80\x00" + "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
)

// capabilities walks a root file system, and gives the files that have some.
func capabilities(t *testing.T, src scan.Source) (map[string]string, seen) {
	t.Helper()
	v := newVisitor()
	if err := walk(t.Context(), src, v); err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, e := range v.Entries {
		if e.Capabilities != nil {
			got[e.Path] = e.Capabilities.String()
		}
	}
	return got, v.seen
}

func rootFS(t *testing.T, dir string) scan.Source {
	t.Helper()
	src, err := tree.OpenRootFS(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { src.Close() })
	return src
}

func TestFileCapabilitiesOfARootFileSystem(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, map[string]string{"bin/ping": "x", "bin/tool": "x", "bin/plain": "x", "data": "x"})
	for _, p := range []string{"bin/ping", "bin/tool", "bin/plain"} {
		if err := os.Chmod(filepath.Join(dir, p), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for p, value := range map[string]string{"bin/ping": netRaw, "bin/tool": setuid, "data": netRaw} {
		if err := unix.Setxattr(filepath.Join(dir, p), filecap.Attribute, []byte(value), 0); err != nil {
			t.Skipf("needs the right to give file capabilities, and a file system that keeps them: %v", err)
		}
	}
	if err := os.Symlink("ping", filepath.Join(dir, "bin/link")); err != nil {
		t.Fatal(err)
	}
	got, all := capabilities(t, rootFS(t, dir))
	if diff := cmp.Diff(map[string]string{"bin/ping": "cap_net_raw=ep", "bin/tool": "cap_setuid=p"}, got); diff != "" || len(all.Failed) > 0 {
		t.Errorf("failed %q (-want +got)\n%s", all.Failed, diff)
	}
	// Of a tree nobody asks.
	if got, _ := capabilities(t, open(t, dir, tree.Options{})); len(got) > 0 {
		t.Errorf("in a tree: %v", got)
	}
}

// TestFileCapabilitiesThatCannotBeRead wants each told of, and its file offered.
func TestFileCapabilitiesThatCannotBeRead(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, map[string]string{"a/able": "x", "a/broken": "x", "a/cut": "x", "a/data": "x", "a/empty": "x", "a/none": "x"})
	for _, name := range []string{"able", "broken", "cut", "empty", "none"} {
		if err := os.Chmod(filepath.Join(dir, "a", name), 0o701); err != nil {
			t.Fatal(err)
		}
	}
	if err := syscall.Mkfifo(filepath.Join(dir, "a/fifo"), 0o755); err != nil {
		t.Fatal(err)
	}
	src := rootFS(t, dir)
	tree.WithAttribute(src, func(f *os.File) ([]byte, error) {
		switch name := filepath.Base(f.Name()); name {
		case "able":
			return []byte(netRaw), nil
		case "broken":
			return nil, &fs.PathError{Op: "fgetxattr", Path: f.Name(), Err: errors.New("bad sector")}
		case "cut":
			return []byte(netRaw[:12]), nil
		case "empty":
			return []byte(netRaw[:4] + string(make([]byte, 16))), nil
		case "none":
			return nil, nil
		default:
			t.Errorf("%s is no program", name)
			return nil, nil
		}
	})
	got, all := capabilities(t, src)
	if diff := cmp.Diff(map[string]string{"a/able": "cap_net_raw=ep"}, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	want := map[string]string{
		"a/broken": "reading file capabilities: bad sector",
		"a/cut":    "reading file capabilities: file capabilities of revision 2 have 20 bytes, not 12",
	}
	if diff := cmp.Diff(want, all.Failed); diff != "" {
		t.Errorf("failed (-want +got)\n%s", diff)
	}
	if diff := cmp.Diff([]string{"a", "a/able", "a/broken", "a/cut", "a/data", "a/empty", "a/fifo", "a/none"}, all.paths()); diff != "" {
		t.Errorf("entries (-want +got)\n%s", diff)
	}
}

// TestAProgramThatCannotBeOpened wants its capabilities told of as not read.
func TestAProgramThatCannotBeOpened(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, map[string]string{"mute": "x"})
	for up := dir; len(up) > len(os.TempDir()); up = filepath.Dir(up) { //nolint:usetesting // where t.TempDir lies
		if err := os.Chmod(up, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(filepath.Join(dir, "mute"), 0o111); err != nil {
		t.Fatal(err)
	}
	src := rootFS(t, dir)
	asNobody(t, func() {
		got, all := capabilities(t, src)
		if diff := cmp.Diff(map[string]string{"mute": "reading file capabilities: permission denied"}, all.Failed); diff != "" || len(got) > 0 {
			t.Errorf("%v (-want +got)\n%s", got, diff)
		}
	})
}
