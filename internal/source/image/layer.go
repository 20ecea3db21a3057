package image

import (
	"archive/tar"
	"bufio"
	"context"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/boltseal/boltseal/internal/scan"
)

// maxNames bounds the bytes of all names and link targets of a layer.
const maxNames = 256 << 20

// bounds are those of one layer. Layers are read at the same time: a bound that
// they shared would be reached in one or the other of them.
type bounds struct {
	opt     Options
	entries int64
	names   int64
}

// add counts an entry.
func (b *bounds) add(e *scan.Entry) error {
	if b.entries++; b.entries > b.opt.MaxEntries {
		return fmt.Errorf("layer has more than %d entries", b.opt.MaxEntries)
	}
	if b.names += int64(len(e.Path) + len(e.Link)); b.names > maxNames {
		return fmt.Errorf("names of the layer's entries are longer than %d bytes together", int64(maxNames))
	}
	return nil
}

// walk reads the layer once from front to back. Digests are known only at the
// end: what a wrong layer yields has been yielded by then, and the error says so.
func (l *layer) walk(ctx context.Context, s store, opt Options, v scan.Visitor) error {
	if strings.HasSuffix(l.mediaType, "+encrypted") {
		return errors.New("layer is encrypted")
	}
	file, size, err := s.open(ctx, l.file)
	if err != nil {
		return l.missing(err)
	}
	defer file.Close() //nolint:errcheck // only read from
	content := io.Reader(file)
	if size < 0 {
		content = io.LimitReader(file, l.size+1) // what is more is wrong already
	}
	st, err := l.open(ctx, content, opt)
	if err != nil {
		return fmt.Errorf("reading layer: %w", err)
	}
	defer st.close()
	w := &walker{visitor: v, bounds: &bounds{opt: opt}, left: opt.MaxUnpacked, tar: tar.NewReader(st.body)}
	err = w.walk()
	if err == nil {
		err = st.drain()
		if err != nil {
			err = fmt.Errorf("reading layer: %w", err)
		}
	}
	if size < 0 {
		size = st.counted.n
		if size > l.size {
			return fmt.Errorf("%w: layer has more than the %d bytes that the manifest says", ErrDigest, l.size)
		}
	}
	switch {
	case err != nil:
		return err
	case size != l.size:
		return fmt.Errorf("%w: layer has %d bytes, the manifest says %d", ErrDigest, size, l.size)
	}
	return st.verify(l)
}

// missing explains why a layer's content cannot be had.
func (l *layer) missing(err error) error {
	if !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("opening layer: %w", err)
	}
	if len(l.urls) > 0 || strings.Contains(l.mediaType, ".nondistributable.") || strings.Contains(l.mediaType, ".foreign.") {
		return fmt.Errorf("layer is not distributed with the image (%s): save the image with it, or scan it where it is whole", l.mediaType)
	}
	return fmt.Errorf("opening layer: %w", err)
}

// stream is a layer on its way from the blob to the tar reader.
type stream struct {
	counted  *counting
	raw      *hashing      // the blob
	rawBuf   *bufio.Reader // what the decompressor reads
	unpacked *unpacked
	tar      hash.Hash // of the unpacked bytes; nil where the blob says it
	body     *skipping // what the tar reader reads
}

// hashing hashes what goes through.
type hashing struct {
	r io.Reader
	h hash.Hash
}

func (h *hashing) Read(p []byte) (int, error) {
	n, err := h.r.Read(p)
	h.h.Write(p[:n])
	return n, err
}

// open stacks the readers. The bytes of a layer that is not compressed are hashed
// once.
func (l *layer) open(ctx context.Context, file io.Reader, opt Options) (*stream, error) {
	algorithm := l.diffID.Algorithm
	if l.blob != (v1.Hash{}) {
		algorithm = l.blob.Algorithm
	}
	rawHash, err := v1.Hasher(algorithm)
	if err != nil {
		return nil, err
	}
	counted := &counting{r: file}
	st := &stream{counted: counted, raw: &hashing{counted, rawHash}}
	st.rawBuf = bufio.NewReaderSize(st.raw, bufferSize)
	if st.unpacked, err = decompress(st.rawBuf); err != nil {
		return nil, err
	}
	if st.unpacked.format != formatPlain || algorithm != l.diffID.Algorithm {
		if st.tar, err = v1.Hasher(l.diffID.Algorithm); err != nil {
			return nil, err
		}
	}
	next := newGuard(ctx, st.unpacked, counted, opt).pieces()
	st.body = &skipping{next: func() ([]byte, error) {
		piece, err := next()
		if st.tar != nil {
			st.tar.Write(piece)
		}
		return piece, err
	}}
	return st, nil
}

func (st *stream) close() { st.unpacked.close() }

// drain reads what stands behind the end of the tar. It is part of what both
// digests cover.
func (st *stream) drain() error {
	if err := st.body.drain(); err != nil {
		return err
	}
	_, err := io.Copy(io.Discard, st.rawBuf)
	return err
}

// verify compares what was read with what the image's documents promise. Neither digest
// follows from the other, so both are taken, though hashing what is unpacked is a seventh
// of what listing packages costs.
//
// The manifest pins the blob; what comes out of it the author of the configuration says.
// Without the diff id an image could bear the diff ids of a base, whose packages are
// excused, over layers of its own. And a stream that two decompressors read differently
// (members behind the first, what trails, frames to be skipped, a table of contents
// beside the tar) could show this program another tar than the runtime unpacks, which
// holds what it unpacks to the diff id as well.
//
// The diff id pins the tar, and a tar has many compressed forms: that the bytes are those
// that the manifest names, and that reports name the layer by, the blob's digest says.
func (st *stream) verify(l *layer) error {
	raw := fmt.Sprintf("%x", st.raw.h.Sum(nil))
	if l.blob != (v1.Hash{}) && raw != l.blob.Hex {
		return fmt.Errorf("%w: layer is %s:%s, the manifest says %s", ErrDigest, l.blob.Algorithm, raw, l.blob)
	}
	unpacked := raw
	if st.tar != nil {
		unpacked = fmt.Sprintf("%x", st.tar.Sum(nil))
	}
	if unpacked != l.diffID.Hex {
		return fmt.Errorf("%w: unpacked layer is %s:%s, the image configuration says %s", ErrDigest, l.diffID.Algorithm, unpacked, l.diffID)
	}
	return nil
}
