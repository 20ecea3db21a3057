package tree_test

import (
	"io"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/boltseal/boltseal/internal/scan"
	"github.com/boltseal/boltseal/internal/source/tree"
)

// counter counts entries and, where told to, reads them.
type counter struct {
	n    int
	read bool
}

func (c *counter) Entry(e scan.Entry, open func() (io.ReadCloser, error)) error {
	c.n++
	if !c.read || e.Kind != scan.File {
		return nil
	}
	r, err := open()
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, r)
	r.Close()
	return err
}

func (*counter) Skipped(string, string) {}
func (*counter) Failed(string, error)   {}

func BenchmarkGoroot(b *testing.B) {
	out, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		b.Skipf("needs the go program to find its source tree: %v", err)
	}
	dir := filepath.Join(strings.TrimSpace(string(out)), "src")
	for name, read := range map[string]bool{"walk": false, "read": true} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				src, err := tree.Open(b.Context(), dir, tree.Options{})
				if err != nil {
					b.Fatal(err)
				}
				c := &counter{read: read}
				if err := src.Units()[0].Walk(b.Context(), c); err != nil {
					b.Fatal(err)
				}
				if err := src.Close(); err != nil {
					b.Fatal(err)
				}
				b.ReportMetric(float64(c.n), "entries")
			}
		})
	}
}
