package cache

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"sync/atomic"
)

// A segment is a file that is written once:
//
//	magic, stored values, records sorted by key, trailer
//
// The trailer holds where the records begin (8), how many there are (8), the
// SHA-256 of both and of the records, and the magic again. Nothing is believed
// before that hash fits; of a stored value nothing before its own sum fits. The
// form of a segment is named by the magic and by the end of the file's name.
const (
	magic       = "\x00boltseal cache 1" // a zero byte says that this is no text
	trailerSize = 8 + 8 + sha256.Size + len(magic)
)

// segment is the index of a segment, and how to reach the rest.
type segment struct {
	name    string
	index   []byte // the records
	src     io.ReaderAt
	damaged atomic.Bool // a value was not what it should be
}

// readSegment reads the index of a segment of size bytes. An error that is not
// damage says that it could not be read.
func readSegment(src io.ReaderAt, size int64) (*segment, error) {
	if size < int64(len(magic)+trailerSize) {
		return nil, fmt.Errorf("%w: %d bytes are no segment", errDamaged, size)
	}
	var head [len(magic)]byte
	var trailer [trailerSize]byte
	if err := readAt(src, head[:], 0); err != nil {
		return nil, err
	}
	end := size - int64(trailerSize)
	if err := readAt(src, trailer[:], end); err != nil {
		return nil, err
	}
	start := binary.LittleEndian.Uint64(trailer[:])
	count := binary.LittleEndian.Uint64(trailer[8:])
	switch {
	case string(head[:]) != magic || string(trailer[trailerSize-len(magic):]) != magic:
		return nil, fmt.Errorf("%w: not a segment", errDamaged)
	case start < uint64(len(magic)) || start > uint64(end) || count > maxIndex/recordSize || start+count*recordSize != uint64(end):
		return nil, fmt.Errorf("%w: %d records at %d of %d bytes", errDamaged, count, start, size)
	}
	s := &segment{src: src, index: make([]byte, count*recordSize)}
	if err := readAt(src, s.index, int64(start)); err != nil {
		return nil, err
	}
	if sum := indexSum(s.index, trailer[:16]); !bytes.Equal(sum[:], trailer[16:16+sha256.Size]) {
		return nil, fmt.Errorf("%w: checksum of the index does not fit", errDamaged)
	}
	return s, nil
}

// readAt fills p. A file that ends too early is damage.
func readAt(src io.ReaderAt, p []byte, offset int64) error {
	n, err := src.ReadAt(p, offset)
	switch {
	case n == len(p):
		return nil
	case errors.Is(err, io.EOF):
		return fmt.Errorf("%w: cut off", errDamaged)
	}
	return fmt.Errorf("reading segment: %w", err)
}

func indexSum(index, place []byte) hash {
	h := sha256.New()
	h.Write(index)
	h.Write(place)
	return hash(h.Sum(nil))
}

func (s *segment) len() int { return len(s.index) / recordSize }

func (s *segment) record(i int) record { return record(s.index[i*recordSize : (i+1)*recordSize]) }

// find looks a key up. Keys are hashes and so spread evenly: where one should
// stand is known to a few records, and the search begins there.
func (s *segment) find(key hash) (record, bool) {
	low, high := 0, s.len() // the key is in [low, high)
	guess := int(float64(high) * (float64(binary.BigEndian.Uint32(key[:])) / (1 << 32)))
	for step := 8; high-low > step; step *= 8 {
		at := min(max(guess, low), high-1)
		if order := s.compare(at, key); order == 0 {
			return s.record(at), true
		} else if order < 0 {
			low, guess = at+1, at+step
		} else {
			high, guess = at, at-step
		}
	}
	for low < high {
		at := int(uint(low+high) >> 1)
		switch order := s.compare(at, key); {
		case order == 0:
			return s.record(at), true
		case order < 0:
			low = at + 1
		default:
			high = at
		}
	}
	return record{}, false
}

func (s *segment) compare(i int, key hash) int {
	at := i * recordSize
	return bytes.Compare(s.index[at:at+keyEnd], key[:])
}

// stored reads what is stored of a record, and checks it.
func (s *segment) stored(r record) ([]byte, error) {
	if form := r[keyEnd]; form != plain && form != packed {
		return nil, nil
	}
	if r.length() > maxValue {
		return nil, fmt.Errorf("%w: value of %d bytes", errDamaged, r.length())
	}
	stored := make([]byte, r.length())
	if err := readAt(s.src, stored, r.offset()); err != nil {
		return nil, err
	}
	return stored, r.check(stored)
}

// read gives the value of a record.
func (s *segment) read(r record) ([]byte, error) {
	stored, err := s.stored(r)
	if err != nil {
		return nil, err
	}
	return r.value(stored)
}

func (s *segment) close() {
	if c, ok := s.src.(io.Closer); ok {
		c.Close() //nolint:errcheck // only read from
	}
}

// writeSegment writes items, whose order does not matter. Of equal keys the first
// is kept; what cannot be read any more is left out.
func writeSegment(w io.Writer, items []item) error {
	slices.SortStableFunc(items, func(a, b item) int { return bytes.Compare(a.record[:keyEnd], b.record[:keyEnd]) })
	offset := uint64(len(magic))
	if _, err := io.WriteString(w, magic); err != nil {
		return err
	}
	var index []byte
	for i, it := range items {
		if i > 0 && it.record.key() == items[i-1].record.key() {
			continue
		}
		stored, rec := it.stored, it.record
		if it.from != nil {
			var err error
			if stored, err = it.from.stored(rec); err != nil {
				continue
			}
		}
		if rec[keyEnd] != inline {
			if offset > math.MaxUint32 {
				continue
			}
			rec.place(uint32(offset), len(stored))
		}
		if _, err := w.Write(stored); err != nil {
			return err
		}
		offset += uint64(len(stored))
		index = append(index, rec[:]...)
	}
	trailer := binary.LittleEndian.AppendUint64(nil, offset)
	trailer = binary.LittleEndian.AppendUint64(trailer, uint64(len(index)/recordSize))
	sum := indexSum(index, trailer)
	trailer = append(append(trailer, sum[:]...), magic...)
	if _, err := w.Write(index); err != nil {
		return err
	}
	_, err := w.Write(trailer)
	return err
}
