package image

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"strings"
)

// The bounds of an archive's index.
const (
	maxArchiveFiles = 200_000
	maxArchiveNames = 32 << 20 // bytes of all names together
	maxLinks        = 8        // followed for one name
)

// archive is a store in a tar. A plain one is read where its files lie; of a
// compressed one every read begins at some earlier place.
type archive struct {
	file  *os.File
	index index
	// packed is set for a compressed archive.
	packed *packed
}

// index says where the files of a tar lie.
type index struct {
	files map[string]member
	err   error // why it ends early
}

// member is a file in the archive. Older versions of docker save write a layer
// that occurs twice as a link to the first.
type member struct {
	offset, size int64
	link         string // the name that has the content
	twice        bool
	sparse       bool
	data         []byte // held for small documents in compressed archives
}

var errNotTar = errors.New("not a tar archive")

func openArchive(ctx context.Context, path string, opt Options) (store, error) {
	// Opening a fifo would wait for a writer.
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, reason(err)
	case info.IsDir():
		return nil, fmt.Errorf("is a directory; for an image layout use %s:PATH", SchemeOCIDir)
	case !info.Mode().IsRegular():
		return nil, errors.New("not a regular file; images are not read from a pipe, save it to a file first")
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, reason(err)
	}
	a, err := indexed(ctx, file, opt)
	if err != nil {
		file.Close() //nolint:errcheck // only read from
		return nil, err
	}
	return a, nil
}

// indexed is the archive in a file, which it closes once it is closed itself.
func indexed(ctx context.Context, file *os.File, opt Options) (*archive, error) {
	info, err := file.Stat()
	if err != nil {
		return nil, reason(err)
	}
	a := &archive{file: file}
	return a, a.read(ctx, info.Size(), opt)
}

// read indexes the archive.
func (a *archive) read(ctx context.Context, size int64, opt Options) error {
	head := make([]byte, headSize)
	n, err := a.file.ReadAt(head, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return reason(err)
	}
	format := sniff(head[:n])
	if format == formatPlain {
		a.index.read(ctx, &plainTar{io.NewSectionReader(a.file, 0, size)}, false)
	} else {
		a.packed = &packed{file: a.file, size: size, opt: opt}
		s, err := a.packed.start(ctx)
		if err != nil {
			return err
		}
		a.index.read(ctx, s, true)
		s.Close() //nolint:errcheck // only read from
	}
	if len(a.index.files) == 0 && a.index.err != nil {
		return a.index.err
	}
	return ctx.Err()
}

// tarStream is a tar that knows how far it was read.
type tarStream interface {
	io.Reader
	offset() int64
}

// plainTar lets archive/tar seek over what it skips.
type plainTar struct{ *io.SectionReader }

func (p *plainTar) offset() int64 {
	n, err := p.Seek(0, io.SeekCurrent)
	if err != nil {
		return -1
	}
	return n
}

// read notes every file; documents asks for small documents to be held.
func (x *index) read(ctx context.Context, r tarStream, documents bool) {
	x.files = make(map[string]member)
	names, held := 0, 0
	x.err = eachMember(ctx, r, func(name string, h *tar.Header, body io.Reader) error {
		m := member{offset: r.offset(), size: h.Size, sparse: isSparse(h)}
		switch h.Typeflag {
		case tar.TypeReg, tar.TypeGNUSparse:
		case tar.TypeLink:
			m.link = clean(h.Linkname)
		case tar.TypeSymlink:
			m.link = clean(path.Join(path.Dir(name), h.Linkname))
		default:
			return nil
		}
		if names += len(name) + len(m.link); len(x.files) >= maxArchiveFiles || names > maxArchiveNames {
			return fmt.Errorf("archive holds more than %d files", maxArchiveFiles)
		}
		_, m.twice = x.files[name]
		if documents && h.Typeflag == tar.TypeReg && held < maxDocuments {
			data, err := holdDocument(h, body)
			if err != nil {
				return err
			}
			m.data = data
			held += len(data)
		}
		x.files[name] = m
		return nil
	})
	if x.err != nil {
		x.err = fmt.Errorf("reading archive: %w", x.err)
	}
}

// holdDocument reads what looks like a JSON document.
func holdDocument(h *tar.Header, body io.Reader) ([]byte, error) {
	if h.Size > maxDocument || h.Size == 0 {
		return nil, nil
	}
	first := make([]byte, 1)
	if _, err := io.ReadFull(body, first); err != nil {
		return nil, err
	}
	if first[0] != '{' && first[0] != '[' {
		return nil, nil
	}
	data := make([]byte, h.Size)
	data[0] = first[0]
	_, err := io.ReadFull(body, data[1:])
	return data, err
}

// eachMember visits the headers of a tar, with clean names.
func eachMember(ctx context.Context, r io.Reader, visit func(string, *tar.Header, io.Reader) error) error {
	t := tar.NewReader(r)
	for first := true; ; first = false {
		if err := ctx.Err(); err != nil {
			return err
		}
		h, err := t.Next()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case errors.Is(err, tar.ErrHeader) && first:
			return errNotTar
		case errors.Is(err, io.ErrUnexpectedEOF) && first:
			return errNotTar
		case err != nil && !errors.Is(err, tar.ErrInsecurePath):
			return err
		}
		if err := visit(clean(h.Name), h, t); err != nil {
			return err
		}
	}
}

// clean gives a name as stores know it; it cannot lead out.
func clean(name string) string {
	return strings.TrimPrefix(path.Clean("/"+name), "/")
}

func isSparse(h *tar.Header) bool {
	if h.Typeflag == tar.TypeGNUSparse {
		return true
	}
	for k := range maps.Keys(h.PAXRecords) {
		if strings.HasPrefix(k, "GNU.sparse.") {
			return true
		}
	}
	return false
}

// find follows links to the file that has the content.
func (x *index) find(name string) (member, error) {
	for range maxLinks {
		m, ok := x.files[name]
		switch {
		case !ok && x.err != nil:
			return m, fmt.Errorf("%s: %w", name, x.err)
		case !ok:
			return m, fmt.Errorf("%s: %w", name, fs.ErrNotExist)
		case m.sparse:
			return m, fmt.Errorf("%s: stored as a sparse file, which image archives are not", name)
		case m.link == "":
			return m, nil
		}
		name = m.link
	}
	return member{}, fmt.Errorf("%s: too many links", name)
}

func (a *archive) open(ctx context.Context, name string) (io.ReadCloser, int64, error) {
	m, err := a.index.find(clean(name))
	if err != nil {
		return nil, 0, err
	}
	if m.data != nil {
		return io.NopCloser(bytes.NewReader(m.data)), m.size, nil
	}
	if a.packed != nil {
		r, err := a.packed.open(ctx, m.offset, m.size)
		return r, m.size, err
	}
	return io.NopCloser(io.NewSectionReader(a.file, m.offset, m.size)), m.size, nil
}

func (a *archive) size(name string) (int64, error) {
	m, err := a.index.find(clean(name))
	return m.size, err
}

func (a *archive) unique(name string) bool { return !a.index.files[clean(name)].twice }
func (a *archive) damage() error           { return a.index.err }

func (a *archive) close() error {
	if a.packed != nil {
		a.packed.close()
	}
	return a.file.Close()
}
