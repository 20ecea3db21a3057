package vulndb

import (
	"errors"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestDiskFull lets no file grow beyond a size, as on a disk that is full. It runs in
// a process of its own: the limit is the whole process's, and tests are logged to
// a file.
func TestDiskFull(t *testing.T) {
	const child = "BOLTSEAL_TEST_DISK_FULL"
	if os.Getenv(child) == "" {
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestDiskFull$")
		cmd.Env = append(os.Environ(), child+"=1")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		return
	}
	_, built := installed(t, folderOf(t, sampleAdvisories(t)))
	signal.Ignore(syscall.SIGXFSZ)
	var before syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &before); err != nil {
		t.Fatal(err)
	}
	for kind, files := range map[string]map[string][]byte{"exports": exported(t), "mirror": mirrored(t, built)} {
		s := newSource(t, files)
		dir := filepath.Join(t.TempDir(), "db")
		updater := func() *Updater {
			if kind == "mirror" {
				return s.mirror(t, dir)
			}
			return s.updater(t, dir, "npm")
		}
		_, older := installed(t, folderOf(t, map[string]string{"npm/a.json": npmAdvisory}))
		if _, err := Export(t.Context(), older, dir); err != nil {
			t.Fatal(err)
		}
		old := contents(t, dir)
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 100, Max: before.Max}); err != nil {
			t.Fatal(err)
		}
		_, err := updater().Run(t.Context())
		if restored := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &before); restored != nil {
			t.Fatal(restored)
		}
		if !errors.Is(err, syscall.EFBIG) || !strings.Contains(err.Error(), "file too large") {
			t.Errorf("%s: got %v", kind, err)
		}
		if diff := cmp.Diff(old, contents(t, dir)); diff != "" {
			t.Errorf("%s (-before +after):\n%s", kind, diff)
		}
		if _, err := updater().Run(t.Context()); err != nil {
			t.Errorf("%s, with room again: %v", kind, err)
		}
	}
}
