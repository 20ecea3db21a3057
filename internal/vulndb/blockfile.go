package vulndb

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"maps"
	"runtime/debug"
	"slices"
	"strings"
	"sync"

	"github.com/klauspost/compress/zstd"
)

// A file of the database is a head, an index and blocks:
//
//	head    8 bytes "boltseal", 4 bytes kind, then little endian
//	        uint32 schema, uint64 build date (seconds since 1970),
//	        uint64 size of the file, uint32 length and uint32 CRC-32C of the
//	        index, uint32 CRC-32C of the head so far
//	index   sections: name, blocks; of each block its length, its length
//	        unpacked, its CRC-32C and its first key
//	blocks  one behind the other, each a zstd frame of its own
//
// Keys of a section ascend, so that the index finds the one block that can hold a
// key. Sections without keys are found by number.
const (
	magic     = "boltseal"
	headSize  = 8 + 4 + 4 + 8 + 8 + 4 + 4 + 4
	kindMatch = "mtch"
	kindTexts = "text"
	kindExtra = "enri"
)

// Schema is the layout of database files that this program writes. It reads all
// from oldestSchema on.
const (
	Schema       = 2
	oldestSchema = 1
)

// The bounds of a file, far above what all public advisories need.
const (
	maxIndex = 64 << 20
	maxBlock = 64 << 20
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// fileWriter collects the blocks of a file.
type fileWriter struct {
	kind     string
	sections []*sectionWriter
	encoder  *zstd.Encoder
}

type sectionWriter struct {
	name   string
	file   *fileWriter
	blocks []blockInfo
	data   []byte
}

// blockInfo is the index's line on a block.
type blockInfo struct {
	key    string
	offset int64
	packed int
	size   int
	sum    uint32
}

func newFileWriter(kind string, level zstd.EncoderLevel) (*fileWriter, error) {
	encoder, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(level), zstd.WithEncoderConcurrency(1), zstd.WithEncoderCRC(false))
	if err != nil {
		return nil, fmt.Errorf("making a compressor: %w", err)
	}
	return &fileWriter{kind: kind, encoder: encoder}, nil
}

func (f *fileWriter) section(name string) *sectionWriter {
	s := &sectionWriter{name: name, file: f}
	f.sections = append(f.sections, s)
	return s
}

func (s *sectionWriter) block(key string, data []byte) {
	start := len(s.data)
	s.data = s.file.encoder.EncodeAll(data, s.data)
	packed := s.data[start:]
	s.blocks = append(s.blocks, blockInfo{key: key, packed: len(packed), size: len(data), sum: crc32.Checksum(packed, castagnoli)})
}

// bytes gives the file.
func (f *fileWriter) bytes(built int64) []byte {
	var index writer
	index.number(len(f.sections))
	size := 0
	for _, s := range f.sections {
		index.text(s.name)
		index.number(len(s.blocks))
		before := ""
		for _, b := range s.blocks {
			index.number(b.packed)
			index.number(b.size)
			index.data = binary.LittleEndian.AppendUint32(index.data, b.sum)
			index.after(before, b.key)
			before = b.key
		}
		size += len(s.data)
	}
	size += headSize + len(index.data)
	out := make([]byte, 0, size)
	out = append(out, magic...)
	out = append(out, f.kind...)
	out = binary.LittleEndian.AppendUint32(out, Schema)
	out = binary.LittleEndian.AppendUint64(out, uint64(built))
	out = binary.LittleEndian.AppendUint64(out, uint64(size))
	out = binary.LittleEndian.AppendUint32(out, uint32(len(index.data)))
	out = binary.LittleEndian.AppendUint32(out, crc32.Checksum(index.data, castagnoli))
	out = binary.LittleEndian.AppendUint32(out, crc32.Checksum(out, castagnoli))
	out = append(out, index.data...)
	for _, s := range f.sections {
		out = append(out, s.data...)
	}
	return out
}

// SchemaError says that a database has another layout than this program reads.
type SchemaError struct{ Schema int }

func (e *SchemaError) Error() string {
	if e.Schema > Schema {
		return fmt.Sprintf("the database has schema %d and this boltseal reads up to %d: use a newer boltseal, or build the database again with this one (boltseal db build --from DIR -o DIR)", e.Schema, Schema)
	}
	return fmt.Sprintf("the database has schema %d and this boltseal reads from %d on: build it again (boltseal db build --from DIR -o DIR)", e.Schema, oldestSchema)
}

func checkSchema(n int) error {
	if n > Schema || n < oldestSchema {
		return &SchemaError{n}
	}
	return nil
}

// errDamaged says that a file is not as it was written.
var errDamaged = errors.New("the database is damaged: build it again")

// blockFile reads a file of the database. Its data are mapped, and read only where
// a block is wanted. It is safe for concurrent use.
type blockFile struct {
	data     []byte
	built    int64
	sections map[string]*section
	decoder  *zstd.Decoder

	mu     sync.Mutex
	recent []*kept // the last one first
}

type section struct {
	file   *blockFile
	name   string
	blocks []blockInfo
}

// kept is a block that is kept unpacked.
type kept struct {
	section *section
	n       int
	data    []byte
	rows    rowReader // where it holds records: how far they were read
}

// maxRecent bounds how many unpacked blocks a file keeps.
const maxRecent = 8

// openBlocks looks at head and index only.
func openBlocks(data []byte, kind string) (*blockFile, error) {
	if len(data) < headSize {
		return nil, fmt.Errorf("%w (cut within its head)", errDamaged)
	}
	head := data[:headSize]
	if string(head[:8]) != magic || string(head[8:12]) != kind {
		return nil, fmt.Errorf("%w (not a file of this kind)", errDamaged)
	}
	if crc32.Checksum(head[:headSize-4], castagnoli) != binary.LittleEndian.Uint32(head[headSize-4:]) {
		return nil, fmt.Errorf("%w (its head fails its checksum)", errDamaged)
	}
	if err := checkSchema(int(binary.LittleEndian.Uint32(head[12:]))); err != nil {
		return nil, err
	}
	f := &blockFile{data: data, built: int64(binary.LittleEndian.Uint64(head[16:])), sections: make(map[string]*section)}
	if size := binary.LittleEndian.Uint64(head[24:]); size != uint64(len(data)) {
		return nil, fmt.Errorf("%w (it has %d of %d bytes)", errDamaged, len(data), size)
	}
	length := int64(binary.LittleEndian.Uint32(head[32:]))
	if length > maxIndex || length > int64(len(data)-headSize) {
		return nil, fmt.Errorf("%w (its index is too long)", errDamaged)
	}
	index := data[headSize : headSize+length]
	if crc32.Checksum(index, castagnoli) != binary.LittleEndian.Uint32(head[36:]) {
		return nil, fmt.Errorf("%w (its index fails its checksum)", errDamaged)
	}
	if err := f.readIndex(index); err != nil {
		return nil, err
	}
	decoder, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxMemory(maxBlock), zstd.WithDecodeAllCapLimit(true))
	if err != nil {
		return nil, fmt.Errorf("making a decompressor: %w", err)
	}
	f.decoder = decoder
	return f, nil
}

func (f *blockFile) readIndex(index []byte) error {
	r := &reader{data: index}
	offset := int64(headSize + len(index))
	for range r.count() {
		s := &section{file: f, name: r.text()}
		n := r.count()
		s.blocks = make([]blockInfo, 0, n)
		before := ""
		for range n {
			b := blockInfo{offset: offset, packed: r.number(), size: r.number()}
			if sum := r.bytes(4); sum != nil {
				b.sum = binary.LittleEndian.Uint32(sum)
			}
			b.key = r.after(before)
			offset += int64(b.packed)
			if b.key < before || b.size > maxBlock || offset > int64(len(f.data)) {
				r.fail()
			}
			before = b.key
			s.blocks = append(s.blocks, b)
			if r.bad {
				break
			}
		}
		f.sections[s.name] = s
	}
	if r.bad || r.left() > 0 || offset != int64(len(f.data)) {
		return fmt.Errorf("%w (its index makes no sense)", errDamaged)
	}
	return nil
}

// section gives a section, an empty one where there is none.
func (f *blockFile) section(name string) *section {
	if s := f.sections[name]; s != nil {
		return s
	}
	return &section{file: f, name: name}
}

// find gives the number of the block that can hold a key, -1 for none.
func (s *section) find(key string) int {
	n, found := slices.BinarySearchFunc(s.blocks, key, func(b blockInfo, key string) int { return cmp.Compare(b.key, key) })
	if found {
		return n
	}
	return n - 1
}

// read hands a block, unpacked, to use, which keeps nothing of it and reads no other
// one of the file: the memory is used again.
func (s *section) read(n int, use func(k *kept) error) error {
	s.file.mu.Lock()
	defer s.file.mu.Unlock()
	k, err := s.kept(n)
	if err != nil {
		return err
	}
	return use(k)
}

// kept gives a block, which is the most recent one then.
func (s *section) kept(n int) (*kept, error) {
	recent := s.file.recent
	for i, k := range recent {
		if k.section == s && k.n == n {
			copy(recent[1:i+1], recent[:i])
			recent[0] = k
			return k, nil
		}
	}
	k := &kept{}
	if last := len(recent) - 1; last+1 == maxRecent {
		k, recent = recent[last], recent[:last]
	}
	data, err := s.block(n, k.data)
	if err != nil {
		s.file.recent = recent
		return nil, err
	}
	*k = kept{section: s, n: n, data: data}
	s.file.recent = slices.Insert(recent, 0, k)
	return k, nil
}

// block gives a block, unpacked, in the memory of into where it is enough.
func (s *section) block(n int, into []byte) ([]byte, error) {
	if n < 0 || n >= len(s.blocks) {
		return nil, fmt.Errorf("%w (%s has no block %d)", errDamaged, shownSection(s.name), n)
	}
	data, err := s.file.unpack(s.blocks[n], into)
	if err != nil {
		return nil, fmt.Errorf("%w (%s, block %d: %w)", errDamaged, shownSection(s.name), n, err)
	}
	return data, nil
}

func shownSection(name string) string { return strings.ToValidUTF8(clip(name, 60), "?") }

// blockStep is what the memory of a block is a multiple of, so that it does for the
// next one.
const blockStep = 24 << 10

var errChecksum = errors.New("it fails its checksum")

// unpack reads a block, into the memory of into where it is enough. A mapped file that somebody cuts meanwhile is a fault of
// the memory, which is made an error here.
func (f *blockFile) unpack(b blockInfo, into []byte) (data []byte, err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if v := recover(); v != nil {
			data, err = nil, fmt.Errorf("reading it: %v", v)
		}
	}()
	packed := f.data[b.offset : b.offset+int64(b.packed)]
	if crc32.Checksum(packed, castagnoli) != b.sum {
		return nil, errChecksum
	}
	if cap(into) < b.size {
		into = make([]byte, 0, (b.size+blockStep-1)/blockStep*blockStep)
	}
	data, err = f.decoder.DecodeAll(packed, into[:0:b.size])
	if err == nil && len(data) != b.size {
		err = errChecksum
	}
	if err == nil && len(data) > 0 && &data[0] == &into[:1][0] {
		data = into[:b.size] // with all of its memory, for the next one
	}
	return data, err
}

// verify reads every block.
func (f *blockFile) verify() error {
	var data []byte
	for _, name := range slices.Sorted(maps.Keys(f.sections)) {
		s := f.sections[name]
		for n, b := range s.blocks {
			var err error
			if data, err = f.unpack(b, data); err != nil {
				return fmt.Errorf("%w (%s, block %d: %w)", errDamaged, shownSection(s.name), n, err)
			}
		}
	}
	return nil
}

func (f *blockFile) close() {
	if f.decoder != nil {
		f.decoder.Close()
	}
}
