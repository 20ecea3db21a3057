package git_test

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/boltseal/boltseal/internal/git"
)

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

func TestAFolderThatCannotBeReadIsTold(t *testing.T) {
	dir := newRepo(t, map[string]string{"a": "x"})
	write(t, dir, "closed/secret", "x")
	closed := filepath.Join(dir, "closed")
	if err := os.Chmod(closed, 0); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.Chmod(closed, 0o755) })
	// Nobody reaches the folder only where all above it can be passed.
	for up := dir; len(up) > len(os.TempDir()); up = filepath.Dir(up) { //nolint:usetesting // where t.TempDir lies
		if err := os.Chmod(up, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	repo := find(t, dir)
	asNobody(t, func() {
		if _, err := os.Stat(dir); err != nil {
			t.Skipf("needs a temporary folder that every account can reach: %v", err)
		}
		paths, unreadable, err := git.Others(repo, t.Context(), ".")
		if err != nil {
			t.Fatal(err)
		}
		if len(paths) != 0 {
			t.Errorf("paths %q", paths)
		}
		if len(unreadable) != 1 || !strings.Contains(unreadable[0], "closed/") {
			t.Errorf("unreadable: %q, want one about closed/", unreadable)
		}
	})
}
