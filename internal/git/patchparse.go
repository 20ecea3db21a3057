package git

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
)

// Hunk is the lines that a commit adds in one place of a file, or a whole binary
// file that it changes.
type Hunk struct {
	Commit string
	// Path is relative to the root of the repository and need not be valid UTF-8.
	Path string
	Mode Mode // 0 where the patch does not say
	// Line is the number of the first added line in the commit's file; 0 for a
	// binary file.
	Line int
	// Text are the added lines, valid until the next hunk is asked for. It is
	// empty where a commit only deletes lines of a file, which is told once a file.
	Text []byte
	// Blob is the id of the file's content in the commit.
	Blob string
}

// Bounds of a patch.
const (
	// MaxHunk is how many bytes the added lines of one hunk may have.
	MaxHunk = 64 << 20
	// maxPatchLine is how long a line may be that is not a line of a file.
	maxPatchLine = 256 << 10
)

// errHunkTooLarge is the error of a hunk of more than MaxHunk bytes.
var errHunkTooLarge = fmt.Errorf("one change adds more than %d bytes of text, which is too much to hold", MaxHunk)

// patchParser reads what git diff-tree --stdin --always prints, up to endMark.
type patchParser struct {
	r *bufio.Reader
	// want gives the id that the next commit must have; false after the last.
	want func() (string, bool)
	hunk func(*Hunk) error
	// lost takes a hunk that was left out.
	lost func(commit, path string, err error)
	max  int // MaxHunk, less in tests

	h       Hunk // with the commit and file that are being read
	text    []byte
	over    bool // text would be longer than max
	deleted bool // the file is
	plain   bool // an added line of the file was given, or its absence
	ended   bool // endMark was read
}

// visitorError is an error of the one who gets the hunks.
type visitorError struct{ error }

func (p *patchParser) errorf(format string, args ...any) error {
	return fmt.Errorf("reading patch: "+format, args...)
}

// parse reads to the end of a batch, and nothing beyond it.
func (p *patchParser) parse() error {
	for !p.ended {
		line, err := p.line()
		if err != nil {
			return err
		}
		switch {
		case len(line) == 0:
		case bytes.HasPrefix(line, []byte("diff --git ")):
			err = p.file(line[len("diff --git "):])
		case bytes.HasPrefix(line, []byte("diff --cc ")):
			err = p.combined(line[len("diff --cc "):])
		default:
			err = p.commit(line)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// line gives the next line without its end, valid until the next one.
func (p *patchParser) line() ([]byte, error) {
	line, err := p.r.ReadSlice('\n')
	switch {
	case err == nil:
		return line[:len(line)-1], nil
	case errors.Is(err, bufio.ErrBufferFull):
		return nil, p.errorf("a header is longer than %d bytes", maxPatchLine)
	}
	return nil, p.inside(err)
}

// first gives the first byte of the next line, 0 at the end.
func (p *patchParser) first() byte {
	b, err := p.r.Peek(1)
	if err != nil {
		return 0
	}
	return b[0]
}

// commit begins the next commit, or ends the batch.
func (p *patchParser) commit(line []byte) error {
	if string(line) == endMark {
		p.ended = true
		return nil
	}
	id, ok := p.want()
	if !ok || id != string(line) {
		return p.errorf("%q where commit %s should begin", line[:min(len(line), 100)], id)
	}
	p.h = Hunk{Commit: id}
	return nil
}

// begin begins a file.
func (p *patchParser) begin(path string) error {
	if p.h.Commit == "" {
		return p.errorf("a file before the first commit")
	}
	p.h = Hunk{Commit: p.h.Commit, Path: path}
	p.deleted, p.plain = false, false
	return nil
}

// file reads one file of a commit with one parent.
func (p *patchParser) file(header []byte) error {
	path, err := headerPath(header)
	return p.hunks(path, err, p.block)
}

// hunks reads a file whose path, or what is wrong with it, is known: its header and
// its hunks, each of which block reads.
func (p *patchParser) hunks(path string, err error, block func() error) error {
	if err == nil {
		err = p.begin(path)
	}
	if err != nil {
		return p.errorf("file header: %w", err)
	}
	for {
		switch p.first() {
		case '@':
			if err := block(); err != nil {
				return err
			}
			continue
		case 'd':
			if next, _ := p.r.Peek(5); string(next) == "diff " {
				return nil
			}
		case 0:
			return nil
		}
		if ended, err := p.extended(); ended || err != nil {
			return err
		}
	}
}

// extended reads one line of a file's header. It says true where the file ended
// before: the line is the next commit's then, and has been read.
func (p *patchParser) extended() (bool, error) {
	line, err := p.line()
	if err != nil {
		return true, err
	}
	key, value := splitHeader(line)
	switch key {
	case "old mode", "similarity index", "dissimilarity index", "rename from", "copy from", "---":
	case "deleted file mode":
		p.deleted = true
	case "new mode", "new file mode", "mode":
		err = p.mode(value)
	case "rename to", "copy to":
		p.h.Path, err = plainPath(value)
	case "+++":
		err = p.side(value)
	case "index":
		err = p.index(value)
	case "Binary files":
		err = p.binary()
	default:
		return true, p.commit(line)
	}
	return false, err
}

var headerKeys = [][]byte{
	[]byte("index"), []byte("---"), []byte("+++"), []byte("new file mode"), []byte("old mode"), []byte("new mode"),
	[]byte("similarity index"), []byte("rename from"), []byte("rename to"), []byte("deleted file mode"),
	[]byte("Binary files"), []byte("mode"), []byte("dissimilarity index"), []byte("copy from"), []byte("copy to"),
}

// splitHeader gives the key of a line of a file's header, empty for another line.
func splitHeader(line []byte) (string, []byte) {
	for _, key := range headerKeys {
		if rest, ok := bytes.CutPrefix(line, key); ok && len(rest) > 0 && rest[0] == ' ' {
			return string(key), rest[1:]
		}
	}
	return "", nil
}

// mode reads "100644", or "100644,100644..100755" of a merge.
func (p *patchParser) mode(value []byte) error {
	if i := bytes.LastIndex(value, []byte("..")); i >= 0 {
		value = value[i+2:]
	}
	m, err := strconv.ParseUint(string(value), 8, 32)
	if err != nil {
		return p.errorf("mode %q", value[:min(len(value), 20)])
	}
	p.h.Mode = Mode(m)
	return nil
}

// side reads the path of "+++ b/PATH"; one that holds a space ends in a tab.
func (p *patchParser) side(value []byte) error {
	if string(value) == "/dev/null" {
		p.deleted = true
		return nil
	}
	path, err := plainPath(bytes.TrimSuffix(value, []byte{'\t'}))
	if err != nil {
		return p.errorf("%w", err)
	}
	if path = trimSide(path); path != p.h.Path {
		p.h.Path = path
	}
	return nil
}

// index reads "OLD..NEW", followed by the mode where it stays.
func (p *patchParser) index(value []byte) error {
	ids, mode, ok := bytes.Cut(value, []byte{' '})
	i := bytes.LastIndex(ids, []byte(".."))
	if i < 0 {
		return p.errorf("index line %q", value[:min(len(value), 200)])
	}
	p.h.Blob = string(ids[i+2:])
	if ok {
		return p.mode(mode)
	}
	return nil
}

// binary gives the whole of a binary file.
func (p *patchParser) binary() error {
	if p.deleted {
		return nil
	}
	if p.h.Path == "" || !isID(p.h.Blob) {
		return p.errorf("a binary file without a name or an id")
	}
	p.h.Line, p.text = 0, p.text[:0]
	return p.give()
}

// give hands out what was gathered.
func (p *patchParser) give() error {
	if p.h.Path == "" {
		return p.errorf("lines of a file without a name")
	}
	if p.over {
		p.over, p.text = false, nil
		p.lost(p.h.Commit, p.h.Path, errHunkTooLarge)
		return nil
	}
	p.h.Text = p.text
	if err := p.hunk(&p.h); err != nil {
		return visitorError{err}
	}
	if cap(p.text) > keepText {
		p.text = nil
	}
	return nil
}

// keepText is how large a buffer is kept for the next hunk.
const keepText = 1 << 20

// block reads one hunk: "@@ -1,2 +3,4 @@", then its lines.
func (p *patchParser) block() error {
	line, err := p.line()
	if err != nil {
		return err
	}
	gone, at, added, err := blockHeader(line)
	if err != nil {
		return p.errorf("%w", err)
	}
	p.text = p.text[:0]
	plus := false // the last line was an added one
	for gone > 0 || added > 0 {
		c := p.first()
		switch {
		case c == '-' && gone > 0:
			gone--
			plus = false
			err = p.skip()
		case c == '+' && added > 0:
			added--
			plus = true
			err = p.take(1)
		case c == '\\':
			err = p.noNewline(plus)
		case c == 0:
			err = p.inside(io.EOF)
		default:
			err = p.errorf("a hunk has other lines than its header says")
		}
		if err != nil {
			return err
		}
	}
	if p.first() == '\\' {
		if err := p.noNewline(plus); err != nil {
			return err
		}
	}
	return p.added(at)
}

// added gives a hunk whose lines were read. Of those without an added line the
// first of a file is given, so that its name is known.
func (p *patchParser) added(at int) error {
	if p.deleted || len(p.text) == 0 && !p.over && p.plain {
		return nil
	}
	p.plain = true
	p.h.Line = max(at, 1)
	return p.give()
}

var errBlock = errors.New("a hunk's header is malformed")

// blockHeader reads "@@ -OLD[,N] +NEW[,N] @@ …".
func blockHeader(line []byte) (gone, at, added int, err error) {
	rest, ok := bytes.CutPrefix(line, []byte("@@ -"))
	if !ok {
		return 0, 0, 0, errBlock
	}
	_, gone, rest, ok = blockRange(rest)
	if ok {
		rest, ok = bytes.CutPrefix(rest, []byte(" +"))
	}
	if ok {
		at, added, rest, ok = blockRange(rest)
	}
	if !ok || !bytes.HasPrefix(rest, []byte(" @@")) {
		return 0, 0, 0, errBlock
	}
	return gone, at, added, nil
}

// blockRange reads "12,3" or "12", which is one line.
func blockRange(text []byte) (at, n int, rest []byte, ok bool) {
	at, rest, ok = number(text)
	if !ok || len(rest) == 0 || rest[0] != ',' {
		return at, 1, rest, ok
	}
	n, rest, ok = number(rest[1:])
	return at, n, rest, ok
}

// number reads up to 18 digits.
func number(text []byte) (n int, rest []byte, ok bool) {
	i := 0
	for ; i < len(text) && i < 18 && text[i] >= '0' && text[i] <= '9'; i++ {
		n = n*10 + int(text[i]-'0')
	}
	return n, text[i:], i > 0
}

// skip passes over a line.
func (p *patchParser) skip() error {
	for {
		_, err := p.r.ReadSlice('\n')
		if !errors.Is(err, bufio.ErrBufferFull) {
			return p.inside(err)
		}
	}
}

// take adds a line to the text, without the first bytes of it.
func (p *patchParser) take(cut int) error {
	for {
		part, err := p.r.ReadSlice('\n')
		n := min(cut, len(part))
		cut -= n
		if part = part[n:]; len(p.text)+len(part) > p.max {
			p.over = true
		} else if !p.over {
			p.text = append(p.text, part...)
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return p.inside(err)
		}
	}
}

// inside makes the end of the stream, also of a process that was killed, one error.
func (p *patchParser) inside(err error) error {
	if err != nil {
		return p.errorf("it breaks off (%w): %w", err, io.ErrUnexpectedEOF)
	}
	return nil
}

// noNewline reads the remark that the line before has no newline.
func (p *patchParser) noNewline(plus bool) error {
	if plus && len(p.text) > 0 {
		p.text = bytes.TrimSuffix(p.text, []byte{'\n'})
	}
	return p.skip()
}
