package scan

import (
	"encoding/binary"
	"errors"
	"io/fs"
	"math"
	"slices"
	"time"

	"github.com/boltseal/boltseal/internal/filecap"
)

// The index of a unit is all of its entries, as they were walked. It is read on every
// scan with a warm cache, so it has a form that takes little reading: numbers of variable
// length, and texts behind their lengths, which all share one piece of memory.

// flags of an entry in the index.
const (
	flagNamed uint64 = 1 << iota
	flagUnchanged
	flagTime
	flagCapabilities
)

// knownFlags are all of them.
const knownFlags = flagCapabilities<<1 - 1

// encodeIndex writes entries.
func encodeIndex(entries []*Entry) []byte {
	data := binary.AppendUvarint(nil, uint64(len(entries)))
	text := func(s string) {
		data = binary.AppendUvarint(data, uint64(len(s)))
		data = append(data, s...)
	}
	for _, e := range entries {
		var flags uint64
		if e.Named {
			flags |= flagNamed
		}
		if e.Unchanged {
			flags |= flagUnchanged
		}
		if !e.ModTime.IsZero() {
			flags |= flagTime
		}
		if e.Capabilities != nil {
			flags |= flagCapabilities
		}
		data = binary.AppendUvarint(data, flags)
		data = binary.AppendUvarint(data, uint64(e.Kind))
		data = binary.AppendUvarint(data, uint64(e.Mode))
		for _, n := range []int64{int64(e.UID), int64(e.GID), e.Size, int64(e.Line)} {
			data = binary.AppendVarint(data, n)
		}
		if flags&flagTime != 0 {
			data = binary.AppendVarint(data, e.ModTime.Unix())
			data = binary.AppendUvarint(data, uint64(e.ModTime.Nanosecond()))
		}
		if c := e.Capabilities; c != nil {
			data = binary.AppendUvarint(data, uint64(c.Permitted))
			data = binary.AppendUvarint(data, uint64(c.Inheritable))
			data = binary.AppendUvarint(data, withEffective(c))
		}
		for _, s := range []string{e.Path, e.Link, e.Commit, e.Digest} {
			text(s)
		}
	}
	return data
}

// withEffective puts the user who must be root and the flag of capabilities into one number.
func withEffective(c *filecap.Set) uint64 {
	n := uint64(c.RootID) << 1
	if c.Effective {
		n |= 1
	}
	return n
}

var errBadIndex = errors.New("malformed index")

// minEntry is how many bytes an entry takes at least.
const minEntry = 11

// entriesAtOnce is for how many entries memory is taken at once: they are much larger
// than what they are written as, and what says that there are many need not have them.
const entriesAtOnce = 1024

// decodeIndex reads what encodeIndex wrote.
func decodeIndex(data []byte) ([]*Entry, error) {
	r := indexReader{rest: string(data)}
	n := r.uvarint()
	if n > uint64(len(r.rest)/minEntry) {
		return nil, errBadIndex
	}
	entries := []*Entry{}
	for left := int(n); left > 0 && !r.bad; {
		some := make([]Entry, min(left, entriesAtOnce))
		entries = slices.Grow(entries, len(some))
		for i := range some {
			r.entry(&some[i])
			entries = append(entries, &some[i])
		}
		left -= len(some)
	}
	if r.bad || r.rest != "" {
		return nil, errBadIndex
	}
	return entries, nil
}

// indexReader reads an index from its front. What is cut short, or out of range, makes
// it bad, and everything after that zero.
type indexReader struct {
	rest string
	bad  bool
}

func (r *indexReader) entry(e *Entry) {
	flags := r.uvarint()
	kind, mode := r.uvarint(), r.uvarint()
	if kind > uint64(Opaque) || mode > uint64(^fs.FileMode(0)) || flags > knownFlags {
		r.fail()
	}
	e.Kind, e.Mode = EntryKind(kind), fs.FileMode(mode)
	e.Named, e.Unchanged = flags&flagNamed != 0, flags&flagUnchanged != 0
	e.UID, e.GID, e.Size, e.Line = int(r.varint()), int(r.varint()), r.varint(), int(r.varint())
	if flags&flagTime != 0 {
		seconds, nanoseconds := r.varint(), r.uvarint()
		if nanoseconds >= uint64(time.Second) {
			r.fail()
		}
		e.ModTime = time.Unix(seconds, int64(nanoseconds)).UTC()
	}
	if flags&flagCapabilities != 0 {
		e.Capabilities = r.capabilities()
	}
	e.Path, e.Link, e.Commit, e.Digest = r.text(), r.text(), r.text(), r.text()
}

func (r *indexReader) capabilities() *filecap.Set {
	c := &filecap.Set{Permitted: filecap.Bits(r.uvarint()), Inheritable: filecap.Bits(r.uvarint())}
	n := r.uvarint()
	if n>>1 > math.MaxUint32 {
		r.fail()
	}
	c.Effective, c.RootID = n&1 != 0, uint32(n>>1)
	return c
}

func (r *indexReader) fail() { r.rest, r.bad = "", true }

func (r *indexReader) uvarint() uint64 {
	var n uint64
	for i := 0; i < len(r.rest) && i < binary.MaxVarintLen64; i++ {
		b := r.rest[i]
		if i == binary.MaxVarintLen64-1 && b > 1 {
			break // more than 64 bits
		}
		n |= uint64(b&0x7f) << (7 * i)
		if b < 0x80 {
			r.rest = r.rest[i+1:]
			return n
		}
	}
	r.fail()
	return 0
}

// varint undoes the zigzag of encoding/binary.
func (r *indexReader) varint() int64 {
	n := r.uvarint()
	return int64(n>>1) ^ -int64(n&1)
}

func (r *indexReader) text() string {
	n := r.uvarint()
	if n > uint64(len(r.rest)) {
		r.fail()
		return ""
	}
	s := r.rest[:n]
	r.rest = r.rest[n:]
	return s
}
