//go:build unix

package image_test

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/boltseal/boltseal/internal/source/image"
)

// Opening a fifo would wait for a writer that never comes.
func TestFifoIsNotWaitedFor(t *testing.T) {
	dir := layoutOf(t, imageOf(t))
	index := filepath.Join(dir, "index.json")
	must(t, os.Remove(index))
	must(t, syscall.Mkfifo(index, 0o600))
	if scheme, ok := image.Detect(index); ok {
		t.Errorf("Detect = %q", scheme)
	}
	if scheme, ok := image.Detect(dir); ok {
		t.Errorf("Detect = %q", scheme)
	}
	_, err := image.Open(t.Context(), image.SchemeOCIDir, dir, image.Options{})
	wantError(t, err, "index.json: not a regular file")
	_, err = image.Open(t.Context(), image.SchemeDockerArchive, index, image.Options{})
	wantError(t, err, "not a regular file; images are not read from a pipe")
}
