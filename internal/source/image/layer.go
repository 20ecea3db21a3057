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
	return l.read(ctx, s, opt, !l.confirms(), func(body *skipping) error {
		w := &walker{visitor: v, bounds: &bounds{opt: opt}, left: opt.MaxUnpacked, tar: tar.NewReader(body)}
		return w.walk()
	})
}

// confirms says whether confirm tells more than a walk does.
func (l *layer) confirms() bool { return l.blob != (v1.Hash{}) && l.blob != l.diffID }

// confirm says whether the unpacked layer is what its diff id says. It unpacks the layer
// once more, and looks at nothing in it.
//
// The manifest pins the blob, whose digest every walk checks; what comes out of it gzip and
// zstd say, and what is neither is refused (bytes behind the last member, for one). The diff
// id is what the author of the configuration says of that: an image could bear the diff ids
// of a base, whose packages are excused, over layers of its own. No runtime would unpack it,
// but hashing all that is unpacked is a seventh of what listing packages costs, so it is
// done where something rests on it.
func (l *layer) confirm(ctx context.Context, s store, opt Options) error {
	if !l.confirms() {
		return nil
	}
	return l.read(ctx, s, opt, true, func(*skipping) error { return nil })
}

// read gives the unpacked layer to look, reads what that leaves, and checks the blob's
// size and digest, and with diffID set what is unpacked as well.
func (l *layer) read(ctx context.Context, s store, opt Options, diffID bool, look func(*skipping) error) error {
	file, size, err := s.open(ctx, l.file)
	if err != nil {
		return l.missing(err)
	}
	defer file.Close() //nolint:errcheck // only read from
	content := io.Reader(file)
	if size < 0 {
		content = io.LimitReader(file, l.size+1) // what is more is wrong already
	}
	st, err := l.open(ctx, content, opt, diffID)
	if err != nil {
		return fmt.Errorf("reading layer: %w", err)
	}
	defer st.close()
	err = look(st.body)
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
	counted   *counting
	raw       *hashing // the blob, by algorithm
	algorithm string
	rawBuf    *bufio.Reader // what the decompressor reads
	unpacked  *unpacked
	tar       hash.Hash // of the unpacked bytes; nil where the blob says it, or nobody asks
	body      *skipping // what the tar reader reads
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

// open stacks the readers. What is unpacked is hashed where that is asked for, and no
// digest of the blob says the same.
func (l *layer) open(ctx context.Context, file io.Reader, opt Options, diffID bool) (*stream, error) {
	algorithm := l.diffID.Algorithm
	if l.blob != (v1.Hash{}) {
		algorithm = l.blob.Algorithm
	}
	rawHash, err := v1.Hasher(algorithm)
	if err != nil {
		return nil, err
	}
	counted := &counting{r: file}
	st := &stream{counted: counted, raw: &hashing{counted, rawHash}, algorithm: algorithm}
	st.rawBuf = bufio.NewReaderSize(st.raw, bufferSize)
	if st.unpacked, err = decompress(st.rawBuf); err != nil {
		return nil, err
	}
	if diffID && (st.unpacked.format != formatPlain || algorithm != l.diffID.Algorithm) {
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

// verify compares what was read with what the image's documents promise.
func (st *stream) verify(l *layer) error {
	raw := fmt.Sprintf("%x", st.raw.h.Sum(nil))
	if l.blob != (v1.Hash{}) && raw != l.blob.Hex {
		return fmt.Errorf("%w: layer is %s:%s, the manifest says %s", ErrDigest, l.blob.Algorithm, raw, l.blob)
	}
	var unpacked string
	switch {
	case st.tar != nil:
		unpacked = fmt.Sprintf("%x", st.tar.Sum(nil))
	case st.unpacked.format == formatPlain && st.algorithm == l.diffID.Algorithm:
		unpacked = raw
	default:
		return nil
	}
	if unpacked != l.diffID.Hex {
		return fmt.Errorf("%w: unpacked layer is %s:%s, the image configuration says %s", ErrDigest, l.diffID.Algorithm, unpacked, l.diffID)
	}
	return nil
}
