// Package inflate decompresses gzip, faster than the packages that it stands in for:
// most of what a scan of an image costs is decompression. It reads whole words of
// input, looks literals up two or three at a time, and writes into one buffer that is
// window and output at once.
//
// What it takes and refuses is what compress/gzip takes and refuses; that both agree is
// fuzzed. Memory is the same for every input.
//
//	https://www.rfc-editor.org/rfc/rfc1951 (deflate), rfc1952 (gzip)
package inflate

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
)

// ErrCorrupt says that the input is not what gzip writes.
var (
	ErrCorrupt  = errors.New("corrupt gzip data")
	ErrHeader   = errors.New("invalid gzip header")
	ErrChecksum = errors.New("gzip checksum mismatch")
)

const (
	window   = 32 << 10
	maxMatch = 258
	slack    = 16 // a copy may write so much behind its end
	bufSize  = window + 192<<10
	inSize   = 128 << 10
	keepBack = 8 // bytes of input that may be given back
)

// Reader decompresses a sequence of gzip members.
type Reader struct {
	src    io.Reader
	in     []byte
	pos    int // of the next byte in in
	end    int // of what in holds
	srcErr error

	bits  uint64
	nbits uint

	buf  []byte
	r, w int   // what is decompressed and not read yet
	hist int64 // bytes of the member so far, for distances and its length

	state  state
	last   bool // the block is the member's last
	stored int  // bytes left of a stored block
	crc    uint32
	summed int // up to where crc covers buf
	err    error

	lit, dist   table
	fixedLoaded bool
}

// state is where in a member the reader is.
type state uint8

const (
	atHeader state = iota
	atBlock
	inStored
	inCodes
	atTrailer
)

// NewReader reads the header of the first member.
func NewReader(src io.Reader) (*Reader, error) {
	z := &Reader{src: src, in: make([]byte, inSize), buf: make([]byte, bufSize+slack)}
	if err := z.header(); err != nil {
		return nil, err
	}
	z.state = atBlock
	return z, nil
}

// Read implements io.Reader.
func (z *Reader) Read(p []byte) (int, error) {
	chunk, err := z.peek()
	if err != nil {
		return 0, err
	}
	n := copy(p, chunk)
	z.r += n
	return n, nil
}

// Next gives what is decompressed next, valid until the next call of any method. It is
// never empty without an error.
func (z *Reader) Next() ([]byte, error) {
	chunk, err := z.peek()
	z.r += len(chunk)
	return chunk, err
}

// peek decompresses until there is something to read.
func (z *Reader) peek() ([]byte, error) {
	for z.r == z.w {
		if z.err != nil {
			return nil, z.err
		}
		z.slide()
		z.err = z.step()
		z.sum()
	}
	return z.buf[z.r:z.w], nil
}

// slide makes room in the buffer: what was read moves out, all but the window.
func (z *Reader) slide() {
	if z.w <= bufSize-2*maxMatch {
		return
	}
	copy(z.buf, z.buf[z.w-window:z.w])
	z.r, z.w, z.summed = window, window, window
}

// sum takes what was decompressed into the checksum.
func (z *Reader) sum() {
	if z.w > z.summed {
		z.crc = crc32.Update(z.crc, crc32.IEEETable, z.buf[z.summed:z.w])
		z.hist += int64(z.w - z.summed)
		z.summed = z.w
	}
}

// step goes on from one state. It returns when the buffer is full, or when something
// ends.
func (z *Reader) step() error {
	switch z.state {
	case atBlock:
		return z.block()
	case inStored:
		return z.copyStored()
	case inCodes:
		return z.codes()
	case atTrailer:
		return z.trailer()
	default:
		return z.nextMember()
	}
}

// fill reads more input behind what is there. It is false at the end.
func (z *Reader) fill() bool {
	if z.srcErr != nil {
		return false
	}
	from := max(z.pos-keepBack, 0)
	copy(z.in, z.in[from:z.end])
	z.pos, z.end = z.pos-from, z.end-from
	for range 100 {
		n, err := z.src.Read(z.in[z.end:])
		z.end += n
		if err != nil {
			z.srcErr = err
		}
		if n > 0 || err != nil {
			return n > 0
		}
	}
	z.srcErr = io.ErrNoProgress
	return false
}

// ended is why there is no more input, where more is wanted.
func (z *Reader) ended() error {
	if z.srcErr == io.EOF { //nolint:errorlint // io.Reader gives it bare
		return io.ErrUnexpectedEOF
	}
	return z.srcErr
}

// need gets n bits, at most 32, into bits.
func (z *Reader) need(n uint) error {
	for z.nbits < n {
		if z.pos == z.end && !z.fill() {
			return z.ended()
		}
		z.bits |= uint64(z.in[z.pos]) << z.nbits
		z.pos++
		z.nbits += 8
	}
	return nil
}

// take gives n bits, at most 32.
func (z *Reader) take(n uint) (uint, error) {
	if err := z.need(n); err != nil {
		return 0, err
	}
	v := uint(z.bits & (1<<n - 1))
	z.bits >>= n
	z.nbits -= n
	return v, nil
}

// align drops the rest of a byte and gives back the whole ones in bits.
func (z *Reader) align() {
	z.pos -= int(z.nbits >> 3)
	z.bits, z.nbits = 0, 0
}

// octet gives a byte of what is no bits: header, trailer, a stored block's length.
func (z *Reader) octet() (byte, error) {
	if z.pos == z.end && !z.fill() {
		return 0, z.ended()
	}
	z.pos++
	return z.in[z.pos-1], nil
}

// block reads the header of a block.
func (z *Reader) block() error {
	if z.last {
		z.align()
		z.state = atTrailer
		return nil
	}
	head, err := z.take(3)
	if err != nil {
		return err
	}
	z.last = head&1 == 1
	switch head >> 1 {
	case 0:
		return z.beginStored()
	case 1:
		z.loadFixed()
	case 2:
		if err := z.dynamic(); err != nil {
			return err
		}
	default:
		return ErrCorrupt
	}
	z.state = inCodes
	return nil
}

func (z *Reader) beginStored() error {
	z.align()
	var b [4]byte
	for i := range b {
		var err error
		if b[i], err = z.octet(); err != nil {
			return err
		}
	}
	n := binary.LittleEndian.Uint16(b[:])
	if n != ^binary.LittleEndian.Uint16(b[2:]) {
		return ErrCorrupt
	}
	z.stored, z.state = int(n), inStored
	return nil
}

func (z *Reader) copyStored() error {
	for z.stored > 0 && z.w < bufSize {
		if z.pos == z.end && !z.fill() {
			return z.ended()
		}
		n := copy(z.buf[z.w:min(z.w+z.stored, bufSize)], z.in[z.pos:z.end])
		z.w, z.pos, z.stored = z.w+n, z.pos+n, z.stored-n
	}
	if z.stored == 0 {
		z.state = atBlock
	}
	return nil
}
