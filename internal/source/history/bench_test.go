package history_test

import (
	"io"
	"os"
	"runtime"
	"sync"
	"testing"

	"github.com/boltseal/boltseal/internal/scan"
	"github.com/boltseal/boltseal/internal/source/history"
)

// discard reads text and forgets it.
type discard struct{ n, bytes int64 }

func (d *discard) Entry(e scan.Entry, open func() (io.ReadCloser, error)) error {
	d.n++
	if e.Line == 0 {
		return nil
	}
	r, err := open()
	if err != nil {
		return err
	}
	n, err := io.Copy(io.Discard, r)
	d.bytes += n
	return err
}
func (d *discard) Skipped(_, _ string)  {}
func (d *discard) Failed(string, error) { d.n++ }

// BenchmarkWalk walks the repository that the environment names, or this one.
func BenchmarkWalk(b *testing.B) {
	dir := os.Getenv("BOLTSEAL_HISTORY_REPO")
	if dir == "" {
		dir = "."
	}
	for b.Loop() {
		src, err := history.Open(b.Context(), dir, history.Options{})
		if err != nil {
			b.Fatal(err)
		}
		var mu sync.Mutex
		var total discard
		var wg sync.WaitGroup
		slots := make(chan struct{}, runtime.GOMAXPROCS(0))
		for _, u := range src.Units() {
			slots <- struct{}{}
			wg.Go(func() {
				defer func() { <-slots }()
				var d discard
				if err := u.Walk(b.Context(), &d); err != nil {
					b.Error(err)
				}
				mu.Lock()
				total.n += d.n
				total.bytes += d.bytes
				mu.Unlock()
			})
		}
		wg.Wait()
		b.ReportMetric(float64(total.n), "entries")
		b.ReportMetric(float64(len(src.Units())), "units")
		if err := src.Close(); err != nil {
			b.Error(err)
		}
	}
}
