package inflate

import (
	"encoding/binary"
	"hash/crc32"
	"io"
)

// The flags of a header.
const (
	flagHeaderCRC = 1 << 1
	flagExtra     = 1 << 2
	flagName      = 1 << 3
	flagComment   = 1 << 4
)

// maxHeaderText bounds name and comment, as compress/gzip does.
const maxHeaderText = 512

// header reads a member's header; io.EOF where there is nothing at all.
func (z *Reader) header() error {
	sum := crc32.NewIEEE()
	next := func() (byte, error) {
		b, err := z.octet()
		if err == nil {
			_, _ = sum.Write([]byte{b})
		}
		return b, err
	}
	if z.pos == z.end && !z.fill() {
		return z.srcErr
	}
	var h [10]byte
	for i := range h {
		var err error
		if h[i], err = next(); err != nil {
			return err
		}
	}
	if h[0] != 0x1f || h[1] != 0x8b || h[2] != 8 {
		return ErrHeader
	}
	if err := skipFields(h[3], next); err != nil {
		return err
	}
	if h[3]&flagHeaderCRC == 0 {
		return nil
	}
	want := uint16(sum.Sum32())
	got, err := z.number(2)
	if err == nil && uint16(got) != want {
		err = ErrHeader
	}
	return err
}

// skipFields reads what a header holds beyond its ten bytes.
func skipFields(flags byte, next func() (byte, error)) error {
	if flags&flagExtra != 0 {
		low, err := next()
		if err != nil {
			return err
		}
		high, err := next()
		if err != nil {
			return err
		}
		for range int(low) | int(high)<<8 {
			if _, err := next(); err != nil {
				return err
			}
		}
	}
	for _, flag := range []byte{flagName, flagComment} {
		if flags&flag == 0 {
			continue
		}
		for n := 0; ; n++ {
			b, err := next()
			if err != nil {
				return err
			}
			if b == 0 {
				break
			}
			if n >= maxHeaderText-1 {
				return ErrHeader
			}
		}
	}
	return nil
}

// number reads a little-endian number of n bytes.
func (z *Reader) number(n int) (uint32, error) {
	var b [4]byte
	for i := range n {
		var err error
		if b[i], err = z.octet(); err != nil {
			return 0, err
		}
	}
	return binary.LittleEndian.Uint32(b[:]), nil
}

// trailer checks what was decompressed.
func (z *Reader) trailer() error {
	crc, err := z.number(4)
	if err != nil {
		return err
	}
	size, err := z.number(4)
	if err != nil {
		return err
	}
	if crc != z.crc || size != uint32(z.hist) {
		return ErrChecksum
	}
	z.state = atHeader
	return nil
}

// nextMember begins another member, or ends.
func (z *Reader) nextMember() error {
	if err := z.header(); err != nil {
		return err
	}
	z.crc, z.hist, z.last, z.state = 0, 0, false, atBlock
	return nil
}

var _ io.Reader = (*Reader)(nil)
