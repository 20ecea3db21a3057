package scan

import (
	"bytes"
	"errors"
	"io"
	"math"
	"sync"
)

// errEnough stops the copy to a reader that has returned.
var errEnough = errors.New("reader returned")

// pass lets every pass that wants a long stream read it side by side, each at
// most as far as it wants. The entry is read once and never held.
func (j *job) pass() {
	if err := j.start(); err != nil {
		j.failReads(err)
		return
	}
	source := io.MultiReader(bytes.NewReader(j.head), j.source)
	var readers sync.WaitGroup
	var writers []*io.PipeWriter
	rest := j.wants[:0]
	for _, w := range j.wants {
		if !w.Mode.reads() {
			rest = append(rest, w)
			continue
		}
		pr, pw := io.Pipe()
		writers = append(writers, pw)
		readers.Go(func() {
			j.file(w, &Content{size: j.entry.Size, stream: &capped{r: pr, left: limit(w.Max), max: w.Max}})
			pr.CloseWithError(errEnough)
		})
	}
	j.wants = rest
	err := guard(func() error {
		copyAll(writers, source)
		return nil
	})
	for _, w := range writers {
		_ = w.CloseWithError(err) // nothing where the copy came to its end
	}
	readers.Wait()
}

func limit(max int64) int64 {
	if max <= 0 {
		return math.MaxInt64 - 1
	}
	return max
}

// copyAll writes a stream to all writers, until it ends or nobody reads.
func copyAll(writers []*io.PipeWriter, source io.Reader) {
	buf := make([]byte, 64<<10)
	for {
		n, err := source.Read(buf)
		live := make([]*io.PipeWriter, 0, len(writers))
		for _, w := range writers {
			if _, werr := w.Write(buf[:n]); werr == nil {
				live = append(live, w)
			}
		}
		writers = live
		if err != nil || len(writers) == 0 {
			for _, w := range writers {
				if errors.Is(err, io.EOF) {
					err = io.EOF
				}
				w.CloseWithError(err)
			}
			return
		}
	}
}
