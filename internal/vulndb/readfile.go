package vulndb

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/klauspost/compress/flate"
)

// limits bound what is read of one family.
type limits struct {
	record  int64 // bytes of one record
	records int   // number of records
	total   int64 // bytes of all records, uncompressed
}

// The largest public record has a few MB, the largest export some 200,000 records
// and 1 GB.
var defaultLimits = limits{record: 32 << 20, records: 2_000_000, total: 4 << 30}

// budget is what is left of the limits.
type budget struct {
	limits
	whole bool // details and references are wanted too
	count int
	bytes atomic.Int64
}

// errLimit says that the data are larger than they may be: they cannot be used.
var errLimit = errors.New("limit exceeded")

// take counts a record's bytes.
func (b *budget) take(n int64) error {
	if b.bytes.Add(n) > b.total {
		return fmt.Errorf("%w: more than %d bytes of records", errLimit, b.total)
	}
	return nil
}

// more counts n more records.
func (b *budget) more(n int) error {
	if b.count += n; b.count > b.records {
		return fmt.Errorf("%w: more than %d records", errLimit, b.records)
	}
	return nil
}

// readFile reads the record of a .json file or all records of a .zip file, in
// their order; nil where there was none to be had. bad are records that could not
// be read in whole. An error says that the file is damaged or too large.
func readFile(path string, b *budget, workers int) (records []*record, bad []error, err error) {
	if strings.EqualFold(filepath.Ext(path), ".zip") {
		return readZip(path, b, workers)
	}
	if err := b.more(1); err != nil {
		return nil, nil, fmt.Errorf("%q: %w", path, err)
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	defer file.Close() //nolint:errcheck // only read from
	r, problem, err := readRecord(file, b, newReading(b))
	if err != nil {
		return nil, nil, fmt.Errorf("%q: %w", path, err)
	}
	if problem != nil {
		bad = []error{fmt.Errorf("%s: %w", filepath.Base(path), problem)}
	}
	return []*record{r}, bad, nil
}

// readZip reads the .json members of a zip file, several at a time.
func readZip(path string, b *budget, workers int) ([]*record, []error, error) {
	archive, err := zip.OpenReader(path)
	if err != nil {
		return nil, nil, fmt.Errorf("%q: %w (fetch it again)", path, err)
	}
	defer archive.Close() //nolint:errcheck // only read from
	inflaters := &sync.Pool{}
	archive.RegisterDecompressor(zip.Deflate, func(r io.Reader) io.ReadCloser { return newInflater(inflaters, r) })
	var members []*zip.File
	for _, m := range archive.File {
		if strings.EqualFold(filepath.Ext(m.Name), ".json") && filepath.Base(m.Name) != kevFile {
			members = append(members, m)
		}
	}
	if err := b.more(len(members)); err != nil {
		return nil, nil, fmt.Errorf("%q: %w", path, err)
	}
	records := make([]*record, len(members))
	problems := make([]error, len(members))
	fatal := make([]error, len(members))
	var next atomic.Int64
	var stop atomic.Bool
	var wg sync.WaitGroup
	for range max(1, min(workers, len(members))) {
		wg.Go(func() {
			s := newReading(b)
			for !stop.Load() {
				i := int(next.Add(1)) - 1
				if i >= len(members) {
					return
				}
				records[i], problems[i], fatal[i] = readMember(members[i], b, s)
				if fatal[i] != nil {
					stop.Store(true)
				}
			}
		})
	}
	wg.Wait()
	var bad []error
	for i, m := range members {
		if fatal[i] != nil {
			return nil, nil, fmt.Errorf("%q: %q: %w (fetch it again)", path, clip(m.Name, 100), fatal[i])
		}
		if problems[i] != nil {
			bad = append(bad, fmt.Errorf("%s: %w", clip(m.Name, 100), problems[i]))
		}
	}
	return records, bad, nil
}

// inflater is a decompressor that takes half the time of the standard one and goes
// back to where it came from.
type inflater struct {
	io.ReadCloser
	pool *sync.Pool
}

func newInflater(pool *sync.Pool, r io.Reader) *inflater {
	f, ok := pool.Get().(*inflater)
	if !ok {
		return &inflater{flate.NewReader(r), pool}
	}
	if resetter, ok := f.ReadCloser.(flate.Resetter); !ok || resetter.Reset(r, nil) != nil {
		f.ReadCloser = flate.NewReader(r)
	}
	return f
}

func (f *inflater) Close() error {
	err := f.ReadCloser.Close()
	f.pool.Put(f)
	return err
}

// reading is what one goroutine reuses from record to record.
type reading struct {
	*decoder
	buf bytes.Buffer
}

func newReading(b *budget) *reading { return &reading{decoder: newDecoder(b.whole)} }

func readMember(m *zip.File, b *budget, s *reading) (*record, error, error) {
	if m.UncompressedSize64 > uint64(b.record) {
		return nil, fmt.Errorf("%w: record of %d bytes", errLimit, m.UncompressedSize64), nil
	}
	r, err := m.Open()
	if err != nil {
		return nil, nil, err
	}
	defer r.Close() //nolint:errcheck // only read from
	return readRecord(r, b, s)
}

// readRecord decodes one record. problem is what is wrong with the record, err what
// is wrong with the file.
func readRecord(r io.Reader, b *budget, s *reading) (rec *record, problem, err error) {
	s.buf.Reset()
	if _, err := s.buf.ReadFrom(io.LimitReader(r, b.record+1)); err != nil {
		return nil, nil, err
	}
	data := s.buf.Bytes()
	if err := b.take(int64(len(data))); err != nil {
		return nil, nil, err
	}
	if int64(len(data)) > b.record {
		return nil, fmt.Errorf("%w: record of more than %d bytes", errLimit, b.record), nil
	}
	rec, problem = s.decode(data)
	return rec, problem, nil
}
