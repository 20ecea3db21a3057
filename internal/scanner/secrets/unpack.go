package secrets

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/boltseal/boltseal/internal/scan"
)

// archiveLimits bound what unpacking costs. Each is an error when it is reached.
type archiveLimits struct {
	total   int64 // bytes unpacked, of all levels
	file    int64 // bytes of one file
	ratio   int64 // bytes unpacked for each byte of the archive, beyond free
	free    int64
	entries int   // entries of all kinds, of all levels
	memory  int64 // bytes of archives held in memory, and of a reader's dictionary
	name    int   // bytes of an entry's name
}

// defaultArchiveLimits let pass what people archive.
var defaultArchiveLimits = archiveLimits{
	total: 4 << 30, file: maxFile, ratio: 500, free: 64 << 20, entries: 500_000, memory: 256 << 20, name: 4096,
}

// Why unpacking ends or leaves a file out.
var (
	errArchiveLimit = errors.New("archive exceeds a limit")
	errNoArchive    = errors.New("content is no archive")
	errReader       = errors.New("the reader of this format broke down")
)

// Why the content of an archive is left out.
const (
	skippedEncrypted = "encrypted"
	skippedDeep      = "deep" // an archive that is nested deeper than was asked for
)

// innerSeparator stands between an archive's path and that of a file in it.
const innerSeparator = "!"

// innerFile is a file in an archive.
type innerFile struct {
	// path is the whole one, "outer!inner". A packing alone adds nothing to it.
	path string
	// name is the last part of path: what path allowlists look at.
	name string
	// size is what the archive claims, -1 where it claims nothing.
	size int64
}

// archiveVisitor takes what is in an archive. leaveOut and skipped may be nil.
type archiveVisitor struct {
	// file takes a file once, in the archive's order. The reader is valid until it
	// returns; errors of the reader are told by unpack, and any other error of file
	// ends it.
	file func(f innerFile, r io.Reader) error
	// leaveOut says that an entry is left out for its name; it is skipped as "path".
	// It is asked in the outermost archive alone, as the engine does.
	leaveOut func(name string) bool
	skipped  func(path, why string)
}

// unpack walks an archive and, to depth levels, the archives in it: 1 is the
// archive itself. Nothing is written anywhere, no link is followed. The error joins
// all that could not be read, each with its path; what was read before stays read.
func unpack(ctx context.Context, name string, c *scan.Content, depth int, lim archiveLimits, v archiveVisitor) error {
	return unpackInput(ctx, name, input{c.Bytes(), c.Reader()}, c.Size(), depth, lim, v)
}

func unpackInput(ctx context.Context, name string, in input, size int64, depth int, lim archiveLimits, v archiveVisitor) error {
	u := &unpacker{ctx: ctx, depth: depth, lim: lim, visitor: v, outer: size}
	head := in.data[:min(len(in.data), scan.HeadSize)]
	if in.data == nil {
		r := bufio.NewReaderSize(&ctxReader{u, in.r}, scan.HeadSize)
		head, _ = r.Peek(scan.HeadSize)
		in.r = r
	}
	kind := archiveOf(name, head)
	if !kind.ok() || depth < 1 {
		return errNoArchive
	}
	u.archive(innerPlace{path: name}, in, kind, 0)
	return u.err()
}

// input is an archive's content: in memory, or a stream.
type input struct {
	data []byte
	r    io.Reader
}

func (in input) reader(u *unpacker) io.Reader {
	if in.data != nil {
		return &ctxReader{u, bytes.NewReader(in.data)}
	}
	return in.r
}

// innerPlace is where a file stands: the containers around it, and its own path.
type innerPlace struct {
	outer string
	path  string
}

func (p innerPlace) String() string {
	if p.outer == "" {
		return p.path
	}
	return p.outer + innerSeparator + p.path
}

// unpacker is one unpacking.
type unpacker struct {
	ctx     context.Context //nolint:containedctx // readers ask it
	depth   int
	lim     archiveLimits
	visitor archiveVisitor
	outer   int64

	read    int64 // bytes of files, of all levels
	decoded int64 // bytes out of packings and, of solid archives, passed over
	entries int
	held    int64
	errs    []error
	more    int
	fatal   error // ends everything
}

// maxArchiveErrors is how many errors are told of one archive.
const maxArchiveErrors = 20

func (u *unpacker) err() error {
	errs := u.errs
	if u.more > 0 {
		errs = append(errs, fmt.Errorf("%d more errors", u.more))
	}
	return errors.Join(append(errs, u.fatal)...)
}

// fail tells what could not be read, once for what ends everything.
func (u *unpacker) fail(at innerPlace, err error) {
	switch {
	case u.fatal != nil || err == nil:
	case len(u.errs) == maxArchiveErrors:
		u.more++
	default:
		u.errs = append(u.errs, fmt.Errorf("%s: %w", short(at.String()), err))
	}
}

func (u *unpacker) limit(at innerPlace, format string, args ...any) error {
	if u.fatal == nil {
		u.fatal = fmt.Errorf("%s: %w: %s", short(at.String()), errArchiveLimit, fmt.Sprintf(format, args...))
	}
	return u.fatal
}

// short cuts a path for a message.
func short(path string) string {
	const most = 512
	if len(path) > most {
		return strings.ToValidUTF8(path[:most], "") + ellipsis
	}
	return path
}

func (u *unpacker) skip(at innerPlace, why string) {
	if u.visitor.skipped != nil {
		u.visitor.skipped(at.String(), why)
	}
}

// refuse tells an error of an archive or an entry, or counts it as encrypted.
func (u *unpacker) refuse(at innerPlace, err error) {
	if isEncrypted(err) {
		u.skip(at, skippedEncrypted)
		return
	}
	u.fail(at, err)
}

// stop says that the unpacking is over.
func (u *unpacker) stop() bool {
	if u.fatal == nil && u.ctx.Err() != nil {
		u.fatal = context.Cause(u.ctx)
	}
	return u.fatal != nil
}

// archive opens what was recognised. A panic of a library is an error.
func (u *unpacker) archive(at innerPlace, in input, kind archiveKind, level int) {
	defer func() {
		if recover() != nil {
			u.fail(at, errReader)
		}
	}()
	if kind.packing == nil {
		u.walk(kind.container, at, in, level)
		return
	}
	rc, err := kind.packing.open(in.reader(u))
	if err != nil {
		u.refuse(at, err)
		return
	}
	defer rc.Close() //nolint:errcheck // only read from
	if kind.container == nil {
		u.visit(at, u.measure(at, rc), -1)
		return
	}
	m := &meter{u: u, at: at, r: rc, sum: &u.decoded, most: u.lim.total}
	r := bufio.NewReaderSize(m, scan.HeadSize)
	head, _ := r.Peek(scan.HeadSize)
	if !kind.container.is(head) {
		u.visit(at, u.measure(at, r), -1)
		return
	}
	u.walk(kind.container, at, input{r: r}, level)
}

// entry takes an entry that is not a folder. open is called at most once.
func (u *unpacker) entry(outer innerPlace, nameInArchive string, size int64, level int, open func() (io.ReadCloser, error)) {
	if !u.count(outer) {
		return
	}
	at := innerPlace{outer.String(), filepath.ToSlash(filepath.Clean(nameInArchive))}
	if len(nameInArchive) > u.lim.name {
		u.fail(at, fmt.Errorf("name is longer than %d bytes", u.lim.name))
		return
	}
	if outer.outer == "" && u.visitor.leaveOut != nil && u.visitor.leaveOut(at.path) {
		u.skip(at, skippedPath)
		return
	}
	rc, err := open()
	if err != nil {
		u.refuse(at, err)
		return
	}
	defer rc.Close() //nolint:errcheck // only read from
	m := u.measure(at, rc)
	r := bufio.NewReaderSize(m, scan.HeadSize)
	head, _ := r.Peek(scan.HeadSize)
	kind := archiveOf(at.path, head)
	switch {
	case !kind.ok():
		u.show(at, m, r, size)
	case level+2 > u.depth:
		u.skip(at, skippedDeep)
	default:
		u.archive(at, input{r: r}, kind, level+1)
	}
}

// count counts an entry of any kind; no more are to come when it says false.
func (u *unpacker) count(at innerPlace) bool {
	u.entries++
	if u.entries > u.lim.entries {
		u.limit(at, "more than %d entries", u.lim.entries) //nolint:errcheck // kept as what ends all
	}
	return !u.stop()
}

func (u *unpacker) visit(at innerPlace, m *meter, size int64) { u.show(at, m, m, size) }

// show gives a file to the visitor and tells what went wrong with reading it.
func (u *unpacker) show(at innerPlace, m *meter, r io.Reader, size int64) {
	err := u.visitor.file(innerFile{path: at.String(), name: at.path, size: size}, r)
	switch {
	case u.fatal != nil:
	case m.err != nil && !errors.Is(m.err, io.EOF):
		u.refuse(at, m.err)
	case err != nil:
		u.fatal = err
	}
}

// measure bounds the content of a file.
func (u *unpacker) measure(at innerPlace, r io.Reader) *meter {
	return &meter{u: u, at: at, r: r, sum: &u.read, most: u.lim.file}
}

// meter counts and bounds what is read. Its error stays.
type meter struct {
	u    *unpacker
	at   innerPlace
	r    io.Reader
	sum  *int64 // of all readers of the kind
	n    int64
	most int64
	err  error
}

// Read implements io.Reader. A panic of a library is an error of this file.
func (m *meter) Read(p []byte) (n int, err error) {
	if m.err == nil && m.u.stop() {
		m.err = m.u.fatal
	}
	if m.err != nil {
		return 0, m.err
	}
	defer func() {
		if recover() != nil {
			n, m.err = 0, errReader
		}
		err = m.err
	}()
	n, m.err = m.r.Read(p)
	if n < 0 || n > len(p) {
		n, m.err = 0, errReader
	}
	m.n += int64(n)
	*m.sum += int64(n)
	lim := m.u.lim
	switch {
	case m.n > m.most:
		m.err = fmt.Errorf("%w: more than %d bytes", scan.ErrTooLarge, m.most)
	case *m.sum > lim.total:
		m.err = m.u.limit(m.at, "more than %d bytes unpacked", lim.total)
	case *m.sum > lim.free && *m.sum/lim.ratio > m.u.outer:
		m.err = m.u.limit(m.at, "more than %d times its size unpacked", lim.ratio)
	}
	return n, m.err
}

// ctxReader ends with its context.
type ctxReader struct {
	u *unpacker
	r io.Reader
}

func (c *ctxReader) Read(p []byte) (int, error) {
	if c.u.stop() {
		return 0, c.u.fatal
	}
	return c.r.Read(p)
}

// hold reads an archive into memory, for a format that is read by its end first.
// The caller gives back what it counted.
func (u *unpacker) hold(in input) ([]byte, error) {
	if in.data != nil {
		return in.data, nil
	}
	room := u.lim.memory - u.held
	data, err := io.ReadAll(io.LimitReader(in.r, room+1))
	if err != nil {
		return nil, err
	}
	if int64(len(data)) > room {
		return nil, fmt.Errorf("archive larger than %d bytes, which is what is held in memory", room)
	}
	u.held += int64(len(data))
	return data, nil
}

// endedEarly says that a stream broke off.
func endedEarly(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}
