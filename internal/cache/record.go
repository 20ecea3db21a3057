package cache

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"

	"github.com/klauspost/compress/zstd"
)

// A record is a line of a segment's index: the hash of the key, a form, a length
// and, as the form says, the value itself or where it is stored.
//
//	0   32 hash of the key
//	32   1 form
//	33   1 length of an inline value
//	34  14 inline value, or offset (4), length (4) and sum (6) of a stored one
type record [recordSize]byte

const (
	keyEnd     = sha256.Size
	payload    = keyEnd + 2
	recordSize = payload + 14
	sumStart   = payload + 8
)

// The forms. Most values are the few bytes that say "nothing there".
const (
	inline byte = iota + 1
	plain       // stored as it is
	packed      // stored as a zstd frame
)

// item is a record with what is stored of it, if that is in memory; else it is
// read from a segment.
type item struct {
	record record
	stored []byte
	from   *segment
}

// packMin is the size from which compression is tried.
const packMin = 100

// newItem keeps no reference to value.
func newItem(key hash, value []byte) item {
	var it item
	copy(it.record[:], key[:])
	if len(value) <= recordSize-payload {
		it.record[keyEnd], it.record[keyEnd+1] = inline, byte(len(value))
		copy(it.record[payload:], value)
		return it
	}
	it.record[keyEnd] = plain
	if len(value) >= packMin {
		if enc, err := encoder(); err == nil {
			if small := enc.EncodeAll(value, nil); len(small) < len(value)-len(value)/8 {
				it.record[keyEnd], it.stored = packed, bytes.Clone(small)
			}
		}
	}
	if it.stored == nil {
		it.stored = bytes.Clone(value)
	}
	it.record.place(0, len(it.stored))
	sum := it.record.sum(it.stored)
	copy(it.record[sumStart:], sum[:recordSize-sumStart])
	return it
}

// size is what an item costs in memory and on disk.
func (it item) size() int64 {
	if it.record == (record{}) {
		return 0
	}
	return recordSize + int64(len(it.stored))
}

func (r record) key() hash { return hash(r[:keyEnd]) }

// place says where the stored value is.
func (r *record) place(offset uint32, length int) {
	binary.LittleEndian.PutUint32(r[payload:], offset)
	binary.LittleEndian.PutUint32(r[payload+4:], uint32(length))
}

func (r record) offset() int64 { return int64(binary.LittleEndian.Uint32(r[payload:])) }
func (r record) length() int64 { return int64(binary.LittleEndian.Uint32(r[payload+4:])) }

// sum binds a stored value to its key and form, so that a value in the wrong place
// is none.
func (r record) sum(stored []byte) hash {
	h := sha256.New()
	h.Write(r[:keyEnd+1])
	h.Write(stored)
	return hash(h.Sum(nil))
}

// same says that two records of one key hold the same value.
func (r record) same(other record) bool {
	if r[keyEnd] != inline { // the place does not matter
		return r[keyEnd] == other[keyEnd] && r.length() == other.length() && bytes.Equal(r[sumStart:], other[sumStart:])
	}
	return r == other
}

// errDamaged says that bytes are not what was written.
var errDamaged = errors.New("damaged")

func isDamage(err error) bool { return errors.Is(err, errDamaged) }

// check compares what is stored with the record.
func (r record) check(stored []byte) error {
	if sum := r.sum(stored); !bytes.Equal(sum[:recordSize-sumStart], r[sumStart:]) {
		return fmt.Errorf("%w: checksum does not fit", errDamaged)
	}
	return nil
}

// value gives the value of a record, given what is stored of it.
func (r record) value(stored []byte) ([]byte, error) {
	switch n := int(r[keyEnd+1]); r[keyEnd] {
	case inline:
		if n > recordSize-payload {
			return nil, fmt.Errorf("%w: inline value of %d bytes", errDamaged, n)
		}
		return bytes.Clone(r[payload : payload+n]), nil
	case plain:
		return stored, r.check(stored)
	case packed:
		if err := r.check(stored); err != nil {
			return nil, err
		}
		dec, err := decoder()
		if err != nil {
			return nil, err
		}
		value, err := dec.DecodeAll(stored, nil)
		if err != nil || len(value) > maxValue {
			return nil, fmt.Errorf("%w: compressed value: %w", errDamaged, err)
		}
		return value, nil
	}
	return nil, fmt.Errorf("%w: value of form %d", errDamaged, r[keyEnd])
}

// Both are made when the first value needs them: they cost memory.
var (
	encoder = sync.OnceValues(func() (*zstd.Encoder, error) {
		return zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithLowerEncoderMem(true))
	})
	decoder = sync.OnceValues(func() (*zstd.Decoder, error) {
		return zstd.NewReader(nil, zstd.WithDecoderConcurrency(0), zstd.WithDecoderMaxMemory(maxValue), zstd.WithDecoderLowmem(true))
	})
)
