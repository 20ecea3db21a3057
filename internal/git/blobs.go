package git

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strconv"
	"strings"
)

// ErrMissing says that a repository lacks an object that it names.
var ErrMissing = errors.New("object is missing from the repository (in a shallow or partial clone, fetch it)")

// Blobs reads the content of files by id. It keeps up to two git processes, which
// are started when they are needed; one goroutine at a time may use it.
type Blobs struct {
	ctx          context.Context //nolint:containedctx // of the processes, until Close
	o            *Objects
	sizes, whole *talk
	open         *blobReader // the one that has not been closed
}

// Blobs starts reading. The caller closes it; the end of ctx ends the processes.
func (o *Objects) Blobs(ctx context.Context) *Blobs { return &Blobs{ctx: ctx, o: o} }

// ErrNoFile says that a commit has no such file.
var ErrNoFile = errors.New("no such file in the commit")

// ErrNotRegular says that what a commit has at a path is a link, a folder or a
// submodule.
var ErrNotRegular = errors.New("no regular file")

// ReadFile gives the content of a regular file of a commit, up to a number of bytes.
// path is relative to the root, with slashes; what is none there is ErrNoFile.
func (o *Objects) ReadFile(ctx context.Context, commit, path string, limit int64) ([]byte, error) {
	if !isID(commit) || path == "" {
		return nil, fmt.Errorf("reading %q of commit %q: %w", path, commit, ErrNoFile)
	}
	out, err := o.repo.startAt(ctx, o.at, nil, "ls-tree", "-z", "--full-tree", commit, "--", path)
	if err != nil {
		return nil, err
	}
	var id string
	for record, more := out.next(); more; record, more = out.next() {
		info, name, _ := strings.Cut(string(record), "\t")
		if words := strings.Fields(info); len(words) == 3 && name == path {
			if words[1] != "blob" || words[0] == fmt.Sprintf("%o", ModeSymlink) {
				out.err = fmt.Errorf("%q of commit %s: %w", path, commit, ErrNotRegular)
				break
			}
			id = words[2]
		}
	}
	if _, err := out.close(); err != nil {
		return nil, err
	}
	if id == "" {
		return nil, fmt.Errorf("reading %q of commit %s: %w", path, commit, ErrNoFile)
	}
	blobs := o.Blobs(ctx)
	defer blobs.Close() //nolint:errcheck // only read from
	r, err := blobs.Open(id)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(io.LimitReader(r, limit))
}

// Size gives the size of a blob in bytes.
func (b *Blobs) Size(id string) (int64, error) {
	if b.sizes == nil {
		var err error
		if b.sizes, err = b.o.talk(b.ctx, "--batch-check"); err != nil {
			return 0, err
		}
	}
	size, err := b.sizes.ask(id)
	if b.sizes.broken {
		err = cmp.Or(b.sizes.close(), err)
		b.sizes = nil
	}
	return size, err
}

// Open opens a blob. It ends the reading of the one before.
func (b *Blobs) Open(id string) (io.ReadCloser, error) {
	if err := b.finish(); err != nil {
		return nil, err
	}
	if b.whole == nil {
		var err error
		if b.whole, err = b.o.talk(b.ctx, "--batch"); err != nil {
			return nil, err
		}
	}
	size, err := b.whole.ask(id)
	if b.whole.broken {
		err = cmp.Or(b.whole.close(), err)
		b.whole = nil
	}
	if err != nil {
		return nil, err
	}
	b.open = &blobReader{of: b, left: size}
	return b.open, nil
}

// finish ends the reading of the blob that is open.
func (b *Blobs) finish() error {
	if b.open == nil {
		return nil
	}
	return b.open.Close()
}

// Close ends the processes.
func (b *Blobs) Close() error {
	b.open = nil
	var errs []error
	for _, t := range []**talk{&b.sizes, &b.whole} {
		if *t != nil {
			errs = append(errs, (*t).close())
			*t = nil
		}
	}
	return errors.Join(errs...)
}

// blobReader reads one blob from the process of all.
type blobReader struct {
	of   *Blobs
	left int64
}

// Read reads the blob to its end, never beyond.
func (r *blobReader) Read(p []byte) (int, error) {
	if r.of.open != r {
		return 0, errors.New("reading blob: it was closed")
	}
	if r.left == 0 {
		return 0, io.EOF
	}
	n, err := r.of.whole.r.Read(p[:min(int64(len(p)), r.left)])
	r.left -= int64(n)
	if err != nil {
		return n, fmt.Errorf("reading blob: %w", cmp.Or(noEnd(err), io.ErrUnexpectedEOF))
	}
	return n, nil
}

func noEnd(err error) error {
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// maxDrain is how many bytes are read to reach the end of a blob; where more are
// left, a new process costs less.
const maxDrain = 1 << 20

// Close makes way for the next blob.
func (r *blobReader) Close() error {
	b := r.of
	if b.open != r {
		return nil
	}
	b.open = nil
	if r.left <= maxDrain {
		if _, err := b.whole.r.Discard(int(r.left) + 1); err == nil { // and the newline
			return nil
		}
	}
	err := b.whole.abort()
	b.whole = nil
	return err
}

// talk is a git cat-file that is asked for one object after the other
// (https://git-scm.com/docs/git-cat-file#_batch_output).
type talk struct {
	cmd    *exec.Cmd
	cancel context.CancelFunc
	cause  func() error
	in     io.WriteCloser
	r      *bufio.Reader
	stderr *head
	broken bool
}

func (o *Objects) talk(ctx context.Context, batch string) (*talk, error) {
	inner, cancel := context.WithCancel(ctx)
	cmd, err := o.repo.command(inner, o.at, "cat-file", batch)
	if err != nil {
		cancel()
		return nil, err
	}
	t := &talk{cmd: cmd, cancel: cancel, stderr: &head{left: maxStderr}, cause: func() error { return context.Cause(ctx) }}
	cmd.Stderr = t.stderr
	var out io.ReadCloser
	if t.in, err = cmd.StdinPipe(); err == nil {
		out, err = cmd.StdoutPipe()
	}
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		cancel()
		return nil, fmt.Errorf("starting git cat-file: %w", err)
	}
	t.r = bufio.NewReaderSize(out, maxRecord)
	return t, nil
}

// ask asks for an object and gives its size.
func (t *talk) ask(id string) (int64, error) {
	if !isID(id) {
		return 0, fmt.Errorf("reading blob: %q is no id", id)
	}
	if _, err := io.WriteString(t.in, id+"\n"); err != nil {
		t.broken = true
		return 0, fmt.Errorf("asking git cat-file: %w", err)
	}
	line, err := t.r.ReadSlice('\n')
	if err != nil {
		t.broken = true
		return 0, fmt.Errorf("git cat-file: no answer about %s", id)
	}
	size, err := parseAnswer(line, id)
	if err != nil && !errors.Is(err, ErrMissing) {
		t.broken = true // there may be content that was not read
	}
	return size, err
}

// parseAnswer reads "ID blob SIZE" or "ID missing".
func parseAnswer(line []byte, id string) (int64, error) {
	words := strings.Fields(string(line))
	switch {
	case len(words) == 2 && words[0] == id && words[1] == "missing":
		return 0, fmt.Errorf("reading blob %s: %w", id, ErrMissing)
	case len(words) != 3 || words[0] != id:
		return 0, fmt.Errorf("git cat-file: cannot read %q", bytes.TrimSpace(line[:min(len(line), 200)]))
	case words[1] != "blob":
		return 0, fmt.Errorf("reading blob %s: it is a %s", id, words[1])
	}
	size, err := strconv.ParseInt(words[2], 10, 64)
	if err != nil || size < 0 {
		return 0, fmt.Errorf("git cat-file: size %q", words[2])
	}
	return size, nil
}

// abort kills git, whatever it does.
func (t *talk) abort() error {
	t.cancel()
	t.in.Close() //nolint:errcheck // its end is what is wanted
	t.cmd.Wait() //nolint:errcheck // it was killed
	return t.cause()
}

// close lets git end and says what went wrong with it.
func (t *talk) close() error {
	t.in.Close() //nolint:errcheck // its end is what is wanted
	if !t.broken {
		return t.abort()
	}
	err := t.cmd.Wait()
	t.cancel()
	if cause := t.cause(); cause != nil {
		return cause
	}
	if lines := t.stderr.lines(); err != nil && len(lines) > 0 {
		return fmt.Errorf("git cat-file: %s", strings.Join(lines[:min(len(lines), 3)], "; "))
	}
	return err
}

// Present divides ids into those of objects that are there and those that are not,
// of whatever type.
func (o *Objects) Present(ctx context.Context, ids []string) (there, missing []string, err error) {
	stdin := strings.NewReader(strings.Join(ids, "\n"))
	out, err := o.repo.startAt(ctx, o.at, stdin, "cat-file", "--batch-check=%(objectname)")
	if err != nil {
		return nil, nil, err
	}
	for line, more := out.line(); more; line, more = out.line() {
		if id, gone := strings.CutSuffix(string(line), " missing"); gone {
			missing = append(missing, id)
		} else {
			there = append(there, id)
		}
	}
	if _, err := out.close(); err != nil {
		return nil, nil, err
	}
	return there, missing, nil
}
