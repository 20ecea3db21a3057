package tree_test

import (
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/boltseal/boltseal/internal/scan"
	"github.com/boltseal/boltseal/internal/source/tree"
)

func TestFifosAndDevicesAreNeverOpened(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, map[string]string{"file": "x"})
	if err := syscall.Mkfifo(filepath.Join(dir, "fifo"), 0o644); err != nil {
		t.Fatal(err)
	}
	v := newVisitor()
	if err := walk(t.Context(), open(t, dir, tree.Options{}), v); err != nil {
		t.Fatal(err)
	}
	want := []scan.Entry{{Path: "fifo", Kind: scan.Device, Mode: 0o644}, {Path: "file", Mode: 0o644, Size: 1}}
	if diff := cmp.Diff(want, v.Entries); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if _, err := v.opens["fifo"](); err == nil {
		t.Error("the fifo was opened")
	}
	// One that takes a file's place after the walk neither blocks nor is read.
	if err := os.Rename(filepath.Join(dir, "fifo"), filepath.Join(dir, "file")); err != nil {
		t.Fatal(err)
	}
	if _, err := v.opens["file"](); err == nil {
		t.Error("the fifo was opened")
	}
}

// asNobody runs f on a thread that has lost root's rights, if it had them.
func asNobody(t *testing.T, f func()) {
	t.Helper()
	if os.Geteuid() != 0 {
		f()
		return
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	const keep = ^uintptr(0)
	if _, _, e := syscall.RawSyscall(syscall.SYS_SETRESUID, keep, 65534, keep); e != 0 {
		t.Skipf("cannot give up root's rights: %v", e)
	}
	defer syscall.RawSyscall(syscall.SYS_SETRESUID, keep, 0, keep)
	f()
}

func TestWhatCannotBeReadIsToldAndTheRestScanned(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, map[string]string{"closed/secret": "x", "file": "x", "mute": "x", "z/last": "x"})
	for up := dir; len(up) > len(os.TempDir()); up = filepath.Dir(up) { //nolint:usetesting // where t.TempDir lies
		if err := os.Chmod(up, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, p := range []string{"closed", "mute"} {
		if err := os.Chmod(filepath.Join(dir, p), 0); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() { os.Chmod(filepath.Join(dir, "closed"), 0o755) })
	src := open(t, dir, tree.Options{})
	asNobody(t, func() {
		v := newVisitor()
		if err := walk(t.Context(), src, v); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{"file", "mute", "z/last"}, v.paths()); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
		if diff := cmp.Diff(map[string]string{"closed": "permission denied"}, v.seen.Failed); diff != "" {
			t.Errorf("failed (-want +got)\n%s", diff)
		}
		if _, err := v.opens["mute"](); err == nil || err.Error() != "permission denied" {
			t.Errorf("mute: got %v", err)
		}
	})
}
