package secrets

import (
	"bytes"
	"context"
	"io"
	"strconv"
	"strings"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"
	"github.com/mholt/archives"
)

// An archive is what the engine takes for one by its name, where the content says
// so too: "b.gzip.md" is text. Formats are those of the engine's library; what it
// does to names ("contains .zip") is asked of it, and what opens them is bounded
// here.

// archiveKind is how a file is opened: a packing around it, a container in it, or
// both. The zero value is no archive.
type archiveKind struct {
	packing   *packing
	container *container
}

func (k archiveKind) ok() bool { return k.packing != nil || k.container != nil }

// packing is a compression of one stream.
type packing struct {
	format archives.Format
	is     func(head []byte) bool
	open   func(io.Reader) (io.ReadCloser, error)
}

// container is a format that holds files.
type container struct {
	format archives.Format
	is     func(head []byte) bool
	// whole says that it is read by its end first, from memory.
	whole bool
}

// maxWindow is how far back a compressed stream may refer: memory that it makes
// its reader hold.
const maxWindow = 64 << 20

// packings and containers are all formats of the library, in the order in which
// they are asked.
var packings = []packing{
	{archives.Gz{}, begins("\x1f\x8b"), opener(archives.Gz{})},
	{archives.Bz2{}, isBzip2, opener(archives.Bz2{})},
	{archives.Xz{}, begins("\xfd7zXZ\x00"), opener(archives.Xz{})},
	{archives.Zstd{}, isZstd, openZstd},
	{archives.Lz4{}, isLZ4, opener(archives.Lz4{})},
	{archives.Lzip{}, begins("LZIP\x01"), opener(archives.Lzip{})},
	{archives.Sz{}, begins("\xff\x06\x00\x00sNaPpY", "\xff\x06\x00\x00S2sTwO"), opener(archives.Sz{})},
	{archives.MinLZ{}, begins("\xff\x06\x00\x00MinLz"), opener(archives.MinLZ{})},
	{archives.Zlib{}, isZlib, opener(archives.Zlib{})},
	{archives.Brotli{}, isBrotli, opener(archives.Brotli{})},
}

var containers = []container{
	{archives.Zip{}, begins("PK\x03\x04", "PK\x05\x06", "PK\x07\x08"), true},
	{archives.SevenZip{}, begins("7z\xbc\xaf\x27\x1c"), true},
	{archives.Rar{}, isRar, false},
	{archives.Tar{}, isTar, false},
}

// isArchive says whether a file is an archive, by its name and its first bytes.
func isArchive(name string, head []byte) bool { return archiveOf(name, head).ok() }

// archiveOf says how a file is opened. What is named like an archive, ends in an
// archive's extension and is no text is one that may be broken: better an error
// than noise.
func archiveOf(name string, head []byte) archiveKind {
	if len(head) == 0 {
		return archiveKind{}
	}
	name = name[strings.LastIndexByte(name, '/')+1:]
	var packed *packing
	for i := range packings {
		if p := &packings[i]; packed == nil && named(p.format, name) && p.is(head) {
			packed = p
		}
	}
	var held, broken *container
	for i := range containers {
		c := &containers[i]
		switch {
		case !named(c.format, name):
		case packed != nil:
			held = c // confirmed once it is unpacked
		case held == nil && (c.is(head) || (c.whole && begins("MZ\x90", "\x7fELF")(head))):
			held = c
		case endsIn(name, c.format) && !isText(head) && encodingOf(head) == nil:
			broken = c
		}
	}
	if packed == nil && held == nil && broken == nil {
		return brokenPacking(name, head)
	}
	if held == nil {
		held = broken
	}
	return archiveKind{packed, held}
}

// brokenPacking is a file that ends in the extension of a common packing and is
// none, nor text.
func brokenPacking(name string, head []byte) archiveKind {
	if isText(head) || encodingOf(head) != nil {
		return archiveKind{}
	}
	for i := range packings[:4] {
		if endsIn(name, packings[i].format) {
			return archiveKind{packing: &packings[i]}
		}
	}
	return archiveKind{}
}

// needsBytes says that a file can only be unpacked when it is in memory.
func needsBytes(name string, head []byte) bool {
	k := archiveOf(name, head)
	return k.packing == nil && k.container != nil && k.container.whole
}

// named says that the library takes a name for one of a format.
func named(f archives.Format, name string) bool {
	m, err := f.Match(context.Background(), name, nil)
	return err == nil && m.ByName
}

func endsIn(name string, f archives.Format) bool {
	return strings.HasSuffix(strings.ToLower(name), f.Extension())
}

func begins(magic ...string) func([]byte) bool {
	return func(head []byte) bool {
		for _, m := range magic {
			if bytes.HasPrefix(head, []byte(m)) {
				return true
			}
		}
		return false
	}
}

func isRar(head []byte) bool { return begins("Rar!\x1a\x07\x00", "Rar!\x1a\x07\x01\x00")(head) }

// isBzip2 knows a stream from text that begins with "BZh".
func isBzip2(head []byte) bool {
	if len(head) < 10 || !bytes.HasPrefix(head, []byte("BZh")) || head[3] < '1' || head[3] > '9' {
		return false
	}
	return begins("1AY&SY", "\x17rE8P\x90")(head[4:])
}

// isSkippable says that a frame begins that holds no data; zstd and lz4 share it.
func isSkippable(head []byte) bool {
	return len(head) >= 4 && head[0]&0xf0 == 0x50 && bytes.Equal(head[1:4], []byte{0x2a, 0x4d, 0x18})
}

func isZstd(head []byte) bool { return begins("\x28\xb5\x2f\xfd")(head) || isSkippable(head) }

func isLZ4(head []byte) bool {
	return begins("\x04\x22\x4d\x18", "\x02\x21\x4c\x18")(head) || isSkippable(head)
}

// isZlib goes by the header's checksum (RFC 1950), and by unpacking: "x^2" has it
// too.
func isZlib(head []byte) bool {
	if len(head) < 2 || head[0]&0x0f != 8 || head[0]>>4 > 7 || (int(head[0])<<8|int(head[1]))%31 != 0 {
		return false
	}
	return unpacks(head, opener(archives.Zlib{}))
}

// isBrotli unpacks, as the format has no mark: what gives nothing is no brotli, as
// a text that begins with ";" would be.
func isBrotli(head []byte) bool {
	return unpacks(head, func(r io.Reader) (io.ReadCloser, error) { return io.NopCloser(brotli.NewReader(r)), nil })
}

// unpacks tries the first bytes of a stream. They may end in the middle.
func unpacks(head []byte, open func(io.Reader) (io.ReadCloser, error)) bool {
	r, err := open(bytes.NewReader(head))
	if err != nil {
		return false
	}
	defer r.Close() //nolint:errcheck // only read from
	n, err := io.Copy(io.Discard, io.LimitReader(r, 64<<10))
	return n > 0 && (err == nil || endedEarly(err))
}

// isTar goes by the checksum of the first header, which every kind of tar has.
func isTar(head []byte) bool {
	const size, at, width = 512, 148, 8
	if len(head) < size {
		return false
	}
	field := strings.Trim(string(head[at:at+width]), " \x00")
	want, err := strconv.ParseInt(field, 8, 64)
	if err != nil {
		return false
	}
	var unsigned, signed int64
	for i, b := range head[:size] {
		if i >= at && i < at+width {
			b = ' '
		}
		unsigned += int64(b)
		signed += int64(int8(b))
	}
	return want == unsigned || want == signed
}

func opener(d archives.Decompressor) func(io.Reader) (io.ReadCloser, error) { return d.OpenReader }

// openZstd bounds the memory of a stream, and starts no goroutine: a panic in one
// would end the program.
func openZstd(r io.Reader) (io.ReadCloser, error) {
	return archives.Zstd{DecoderOptions: []zstd.DOption{
		zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxWindow), zstd.WithDecoderMaxMemory(1 << 62),
	}}.OpenReader(r)
}
