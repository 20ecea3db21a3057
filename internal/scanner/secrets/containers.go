package secrets

import (
	"archive/tar"
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/bodgit/sevenzip"
	"github.com/klauspost/compress/zip"
	"github.com/mholt/archives"
	"github.com/nwaples/rardecode/v2"

	"github.com/boltseal/boltseal/internal/scan"
)

// errEncrypted says that a file cannot be read without a password.
var errEncrypted = errors.New("encrypted")

func isEncrypted(err error) bool {
	var seven *sevenzip.ReadError
	return errors.Is(err, errEncrypted) || errors.Is(err, rardecode.ErrArchiveEncrypted) ||
		errors.Is(err, rardecode.ErrArchivedFileEncrypted) || (errors.As(err, &seven) && seven.Encrypted)
}

// walk gives what a container holds.
func (u *unpacker) walk(c *container, at innerPlace, in input, level int) {
	switch c.format.(type) {
	case archives.Zip:
		u.walkZip(at, in, level)
	case archives.SevenZip:
		u.walkSevenZip(at, in, level)
	case archives.Rar:
		u.walkRar(at, in, level)
	default:
		u.walkTar(at, in, level)
	}
}

// walkTar gives what has content: a link's is elsewhere.
func (u *unpacker) walkTar(at innerPlace, in input, level int) {
	r := tar.NewReader(in.reader(u))
	for !u.stop() {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil && (h == nil || !errors.Is(err, tar.ErrInsecurePath)) {
			u.fail(at, err)
			return
		}
		switch {
		case h.Typeflag == tar.TypeXGlobalHeader || h.Typeflag == tar.TypeLink || !h.FileInfo().Mode().IsRegular():
			u.count(at)
		default:
			u.entry(at, h.Name, h.Size, level, func() (io.ReadCloser, error) { return io.NopCloser(r), nil })
		}
	}
}

// walkRar gives the files of one volume. Those that go on in another are errors.
func (u *unpacker) walkRar(at innerPlace, in input, level int) {
	stream, err := rarStart(in.reader(u))
	if err != nil {
		u.refuse(at, err)
		return
	}
	r, err := rardecode.NewReader(stream, rardecode.MaxDictionarySize(u.lim.memory))
	for err == nil && !u.stop() {
		var h *rardecode.FileHeader
		if h, err = r.Next(); err != nil {
			break
		}
		if h.IsDir {
			u.count(at)
			continue
		}
		size := h.UnPackedSize
		if h.UnKnownSize {
			size = -1
		}
		// Of a solid archive it is unpacked whether someone reads it or not.
		u.passOver(at, size)
		u.entry(at, h.Name, size, level, func() (io.ReadCloser, error) {
			if h.Encrypted || h.HeaderEncrypted {
				return nil, errEncrypted
			}
			return io.NopCloser(r), nil
		})
	}
	if err != nil && !errors.Is(err, io.EOF) {
		u.refuse(at, err)
	}
}

// rarStart passes over a program that unpacks itself. The library looks for the
// beginning too, and does not end where there is none.
func rarStart(r io.Reader) (io.Reader, error) {
	const search = 1 << 20
	br := bufio.NewReaderSize(r, scan.HeadSize)
	head, err := br.Peek(len("Rar!\x1a\x07\x01\x00"))
	if isRar(head) {
		return br, nil
	}
	if err != nil && !endedEarly(err) {
		return nil, err
	}
	start, err := io.ReadAll(io.LimitReader(br, search))
	if err != nil {
		return nil, err
	}
	for at := range start {
		if isRar(start[at:]) {
			return io.MultiReader(bytes.NewReader(start[at:]), br), nil
		}
	}
	return nil, rardecode.ErrNoSig
}

// passOver counts bytes that are unpacked whether someone reads them or not.
func (u *unpacker) passOver(at innerPlace, size int64) {
	u.decoded += max(size, 0)
	if u.decoded < 0 || u.decoded > u.lim.total {
		u.limit(at, "more than %d bytes unpacked", u.lim.total) //nolint:errcheck // kept as what ends all
	}
}

// zipRecord begins every entry of a zip's directory.
var zipRecord = []byte("PK\x01\x02")

// walkZip gives the files of a zip; a link's content is where it leads to, which is
// text like any other.
func (u *unpacker) walkZip(at innerPlace, in input, level int) {
	data, err := u.hold(in)
	if err != nil {
		u.fail(at, err)
		return
	}
	if in.data == nil {
		defer func() { u.held -= int64(len(data)) }()
	}
	// The library makes its table of entries before anyone can count them.
	if n := bytes.Count(data, zipRecord); n > u.lim.entries {
		u.limit(at, "more than %d entries", u.lim.entries) //nolint:errcheck // kept as what ends all
		return
	}
	z, err := zip.NewReader(&ctxReaderAt{u, bytes.NewReader(data)}, int64(len(data)))
	if err != nil && (z == nil || !errors.Is(err, zip.ErrInsecurePath)) {
		u.fail(at, err)
		return
	}
	const bzip2, zstandard, xz = archives.ZipMethodBzip2, archives.ZipMethodZstd, archives.ZipMethodXz
	z.RegisterDecompressor(bzip2, zipMethod(opener(archives.Bz2{})))
	z.RegisterDecompressor(zstandard, zipMethod(openZstd))
	z.RegisterDecompressor(xz, zipMethod(opener(archives.Xz{})))
	for _, f := range z.File {
		if u.stop() {
			return
		}
		if f.FileInfo().IsDir() {
			u.count(at)
			continue
		}
		u.entry(at, f.Name, claimed(f.UncompressedSize64), level, func() (io.ReadCloser, error) {
			if f.Flags&1 != 0 {
				return nil, errEncrypted
			}
			return f.Open()
		})
	}
}

// zipMethod makes a method of compression for the zip library, which knows no
// errors at this place.
func zipMethod(open func(io.Reader) (io.ReadCloser, error)) zip.Decompressor {
	return func(r io.Reader) io.ReadCloser {
		rc, err := open(r)
		if err != nil {
			return io.NopCloser(failingReader{err})
		}
		return rc
	}
}

type failingReader struct{ err error }

func (f failingReader) Read([]byte) (int, error) { return 0, f.err }

func (u *unpacker) walkSevenZip(at innerPlace, in input, level int) {
	data, err := u.hold(in)
	if err != nil {
		u.fail(at, err)
		return
	}
	if in.data == nil {
		defer func() { u.held -= int64(len(data)) }()
	}
	if err := checkSevenZip(data, u.lim); err != nil {
		u.refuse(at, err)
		return
	}
	z, err := sevenzip.NewReader(&ctxReaderAt{u, bytes.NewReader(data)}, int64(len(data)))
	if err != nil {
		u.refuse(at, err)
		return
	}
	for _, f := range z.File {
		if u.stop() {
			return
		}
		if f.FileInfo().IsDir() {
			u.count(at)
			continue
		}
		// Files share streams: this one is unpacked for the sake of the next.
		u.passOver(at, claimed(f.UncompressedSize))
		u.entry(at, f.Name, claimed(f.UncompressedSize), level, f.Open)
	}
}

// claimed is a size as an archive says it.
func claimed(n uint64) int64 {
	return int64(min(n, 1<<62))
}

// ctxReaderAt ends with its context.
type ctxReaderAt struct {
	u *unpacker
	r io.ReaderAt
}

func (c *ctxReaderAt) ReadAt(p []byte, off int64) (int, error) {
	if c.u.stop() {
		return 0, c.u.fatal
	}
	if off < 0 {
		return 0, fmt.Errorf("reading at %d: before the beginning", off)
	}
	return c.r.ReadAt(p, off)
}
