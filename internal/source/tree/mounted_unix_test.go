//go:build unix

package tree

import (
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/boltseal/boltseal/internal/scan"
)

// told writes down what a walk says.
type told struct{ entries, skipped []string }

func (v *told) Entry(e scan.Entry, _ func() (io.ReadCloser, error)) error {
	v.entries = append(v.entries, e.Path)
	return nil
}
func (v *told) Skipped(path, reason string)   { v.skipped = append(v.skipped, path+": "+reason) }
func (v *told) Failed(path string, err error) { v.skipped = append(v.skipped, path+": "+err.Error()) }

func TestWhatIsMountedInARootFileSystemIsCounted(t *testing.T) {
	root := t.TempDir()
	if err := os.MkdirAll(filepath.Join(root, "proc/1"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(root, "a"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	src, err := OpenRootFS(t.Context(), root)
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	src.(*Source).device++ //nolint:forcetypeassert // as if all folders were mounted
	v := &told{}
	if err := src.Units()[0].Walk(t.Context(), v); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(&told{[]string{"a"}, []string{"proc: " + SkippedMounted}}, v, cmp.AllowUnexported(told{})); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
