package secrets

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"

	"github.com/ulikunitz/xz/lzma"
)

// The library for 7z makes room for as many files, folders and coders as a header
// claims, before it reads one: a file of 50 bytes ends the program. So headers are
// read here first, as far as they claim numbers and sizes. The form of a header is
// that of 7zFormat.txt in the LZMA SDK (https://www.7-zip.org/sdk.html).

var errSevenZip = errors.New("not a valid 7z archive")

// The properties of a header, as far as they stand before the number of files.
const (
	sevenEnd           = 0x00
	sevenHeader        = 0x01
	sevenMainStreams   = 0x04
	sevenFiles         = 0x05
	sevenPackInfo      = 0x06
	sevenUnpackInfo    = 0x07
	sevenSubStreams    = 0x08
	sevenSize          = 0x09
	sevenCRC           = 0x0a
	sevenFolder        = 0x0b
	sevenUnpackSize    = 0x0c
	sevenUnpackStreams = 0x0d
	sevenEncoded       = 0x17
)

// maxCoders is how many coders and streams a folder has at most: the format's own
// limit is 32.
const maxCoders = 32

// checkSevenZip gives an error where the library must not look.
func checkSevenZip(data []byte, lim archiveLimits) error {
	start, header, err := sevenHeaderOf(data)
	if err != nil {
		return err
	}
	for range 2 {
		h := &sevenReader{p: header, lim: lim}
		switch h.byte() {
		case sevenHeader:
			return h.header()
		case sevenEncoded:
			s := h.streams()
			if h.err != nil {
				return h.err
			}
			if header, err = s.decode(data[start:], lim); err != nil {
				return err
			}
		default:
			return errSevenZip
		}
	}
	return errSevenZip // an encoded header in an encoded header
}

// sevenHeaderOf finds the header, as the library does: the first signature in the
// first MiB whose checksum fits. start is where the packed streams begin.
func sevenHeaderOf(data []byte) (start int, header []byte, err error) {
	const fixed, search = 32, 1 << 20
	signature := []byte("7z\xbc\xaf\x27\x1c")
	for at := 0; at < search; at++ {
		next := bytes.Index(data[at:], signature)
		if next < 0 || at+next+fixed > len(data) {
			return 0, nil, errSevenZip
		}
		at += next
		if crc32.ChecksumIEEE(data[at+12:at+fixed]) != binary.LittleEndian.Uint32(data[at+8:]) {
			continue
		}
		offset, size := binary.LittleEndian.Uint64(data[at+12:]), binary.LittleEndian.Uint64(data[at+20:])
		rest := uint64(len(data) - at - fixed)
		if offset > rest || size > rest-offset {
			return 0, nil, fmt.Errorf("%w: it is cut off", errSevenZip)
		}
		start = at + fixed
		return start, data[start+int(offset):][:size], nil
	}
	return 0, nil, errSevenZip
}

// sevenReader reads a header. Its error stays, and everything is 0 then.
type sevenReader struct {
	p   []byte
	lim archiveLimits
	err error
}

func (h *sevenReader) fail(err error) {
	if h.err == nil {
		h.err = err
	}
	h.p = nil
}

func (h *sevenReader) bytes(n uint64) []byte {
	if n > uint64(len(h.p)) {
		h.fail(errSevenZip)
		return nil
	}
	b := h.p[:n]
	h.p = h.p[n:]
	return b
}

func (h *sevenReader) byte() byte {
	if b := h.bytes(1); b != nil {
		return b[0]
	}
	return 0
}

// number is 1 to 9 bytes long; the first says by its leading ones how many follow.
func (h *sevenReader) number() uint64 {
	first := h.byte()
	var v uint64
	for i := range 8 {
		mask := byte(0x80) >> i
		if first&mask == 0 {
			return v | uint64(first&(mask-1))<<(8*i)
		}
		v |= uint64(h.byte()) << (8 * i)
	}
	return v
}

// count is a number of things.
func (h *sevenReader) count(most int) int {
	n := h.number()
	if h.err == nil && n > uint64(most) {
		h.fail(fmt.Errorf("%w: a 7z header claims %d of one kind", errArchiveLimit, n))
	}
	if h.err != nil {
		return 0
	}
	return int(n)
}

func (h *sevenReader) want(id byte) {
	if h.byte() != id {
		h.fail(errSevenZip)
	}
}

// digests passes over checksums of n things.
func (h *sevenReader) digests(n int) {
	if h.byte() != 0 {
		h.bytes(uint64(n) * 4)
		return
	}
	defined := 0
	for i, b := range h.bytes(uint64(n+7) / 8) {
		for bit := range min(8, n-8*i) {
			defined += int(b >> (7 - bit) & 1)
		}
	}
	h.bytes(uint64(defined) * 4)
}

// sevenStreams is what a header says of packed streams.
type sevenStreams struct {
	position uint64
	packed   []uint64
	folders  []sevenFolderInfo
}

type sevenFolderInfo struct {
	coders  []sevenCoder
	outs    int
	digests bool
	sizes   []uint64 // unpacked
}

type sevenCoder struct {
	id, properties string
	in, out        int
}

// header reads up to the number of files.
func (h *sevenReader) header() error {
	id := h.byte()
	if id == sevenMainStreams {
		h.streams()
		id = h.byte()
	}
	if id == sevenFiles {
		h.count(h.lim.entries)
	}
	return h.err
}

func (h *sevenReader) streams() sevenStreams {
	var s sevenStreams
	id := h.byte()
	if id == sevenPackInfo {
		h.pack(&s)
		id = h.byte()
	}
	if id == sevenUnpackInfo {
		h.unpack(&s)
		id = h.byte()
	}
	if id == sevenSubStreams {
		h.subStreams(&s)
		id = h.byte()
	}
	if id != sevenEnd {
		h.fail(errSevenZip)
	}
	return s
}

func (h *sevenReader) pack(s *sevenStreams) {
	s.position = h.number()
	n := h.count(h.lim.entries)
	id := h.byte()
	if id == sevenSize {
		for i := 0; i < n && h.err == nil; i++ {
			s.packed = append(s.packed, h.number())
		}
		id = h.byte()
	}
	if id == sevenCRC {
		h.digests(n)
		id = h.byte()
	}
	if id != sevenEnd {
		h.fail(errSevenZip)
	}
}

func (h *sevenReader) unpack(s *sevenStreams) {
	h.want(sevenFolder)
	n := h.count(h.lim.entries)
	if h.byte() != 0 {
		h.fail(errSevenZip)
	}
	for i := 0; i < n && h.err == nil; i++ {
		s.folders = append(s.folders, h.folder())
	}
	h.want(sevenUnpackSize)
	for i := range s.folders {
		f := &s.folders[i]
		for j := 0; j < f.outs && h.err == nil; j++ {
			f.sizes = append(f.sizes, h.number())
		}
	}
	id := h.byte()
	if id == sevenCRC {
		h.digests(n)
		for i := range s.folders {
			s.folders[i].digests = true
		}
		id = h.byte()
	}
	if id != sevenEnd {
		h.fail(errSevenZip)
	}
}

func (h *sevenReader) folder() sevenFolderInfo {
	var f sevenFolderInfo
	ins := 0
	for range h.count(maxCoders) {
		c := h.coder()
		ins += c.in
		f.outs += c.out
		f.coders = append(f.coders, c)
	}
	if h.err == nil && (f.outs == 0 || ins > maxCoders || f.outs > maxCoders || ins < f.outs-1) {
		h.fail(errSevenZip)
	}
	for range f.outs - 1 {
		h.number()
		h.number()
	}
	if free := ins - (f.outs - 1); free > 1 {
		for range free {
			if h.number() >= uint64(ins) {
				h.fail(errSevenZip)
			}
		}
	}
	return f
}

func (h *sevenReader) coder() sevenCoder {
	flags := h.byte()
	c := sevenCoder{id: string(h.bytes(uint64(flags & 0x0f))), in: 1, out: 1}
	if flags&0x10 != 0 {
		c.in, c.out = h.count(maxCoders), h.count(maxCoders)
	}
	if flags&0x20 != 0 {
		c.properties = string(h.bytes(h.number()))
	}
	if h.err == nil && c.dictionary() > uint64(h.lim.memory) {
		h.fail(fmt.Errorf("%w: a dictionary of more than %d bytes", errArchiveLimit, h.lim.memory))
	}
	return c
}

// The coders that matter here.
const (
	coderCopy  = "\x00"
	coderLZMA  = "\x03\x01\x01"
	coderLZMA2 = "\x21"
	coderAES   = "\x06\xf1\x07\x01"
)

// dictionary is how much memory a coder's properties ask for.
func (c sevenCoder) dictionary() uint64 {
	switch {
	case c.id == coderLZMA && len(c.properties) >= 5:
		return uint64(binary.LittleEndian.Uint32([]byte(c.properties[1:5])))
	case c.id == coderLZMA2 && len(c.properties) == 1:
		bits := c.properties[0]
		return uint64(2|bits&1) << (min(bits, 63)/2 + 11)
	}
	return 0
}

func (h *sevenReader) subStreams(s *sevenStreams) {
	id := h.byte()
	each := make([]int, len(s.folders))
	files := 0
	for i := range each {
		each[i] = 1
		if id == sevenUnpackStreams {
			each[i] = h.count(h.lim.entries)
		}
		if files += each[i]; files > h.lim.entries {
			h.fail(fmt.Errorf("%w: more than %d entries", errArchiveLimit, h.lim.entries))
			return
		}
	}
	if id == sevenUnpackStreams {
		id = h.byte()
	}
	if id == sevenSize {
		for _, n := range each {
			for i := 1; i < n && h.err == nil; i++ {
				h.number()
			}
		}
		id = h.byte()
	}
	if id == sevenCRC {
		h.digests(files)
		id = h.byte()
	}
	if id != sevenEnd {
		h.fail(errSevenZip)
	}
}

// decode unpacks an encoded header, which is one stream of LZMA unless it is
// encrypted.
func (s sevenStreams) decode(data []byte, lim archiveLimits) ([]byte, error) {
	if len(s.folders) != 1 || len(s.packed) == 0 || len(s.folders[0].sizes) == 0 {
		return nil, errSevenZip
	}
	f := s.folders[0]
	for _, c := range f.coders {
		if c.id == coderAES {
			return nil, errEncrypted
		}
	}
	size := f.sizes[len(f.sizes)-1]
	rest := uint64(len(data))
	if len(f.coders) != 1 || size > uint64(lim.memory) || s.position > rest || s.packed[0] > rest-s.position {
		return nil, errSevenZip
	}
	r, err := f.coders[0].open(bytes.NewReader(data[s.position:][:s.packed[0]]), size, lim)
	if err != nil {
		return nil, err
	}
	var header bytes.Buffer
	// What is shorter than it claims to be is the library's to refuse.
	if _, err := io.Copy(&header, io.LimitReader(r, int64(size))); err != nil && !endedEarly(err) {
		return nil, fmt.Errorf("%w: its header: %w", errSevenZip, err)
	}
	return header.Bytes(), nil
}

func (c sevenCoder) open(r io.Reader, size uint64, lim archiveLimits) (io.Reader, error) {
	switch c.id {
	case coderCopy:
		return r, nil
	case coderLZMA:
		if len(c.properties) != 5 {
			return nil, errSevenZip
		}
		head := binary.LittleEndian.AppendUint64([]byte(c.properties), size)
		return lzma.ReaderConfig{DictCap: int(lim.memory)}.NewReader(io.MultiReader(bytes.NewReader(head), r))
	case coderLZMA2:
		return lzma.Reader2Config{DictCap: int(max(c.dictionary(), lzma.MinDictCap))}.NewReader2(r)
	}
	return nil, fmt.Errorf("%w: its header is packed in a way that is not read", errSevenZip)
}
