package secrets

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"strings"

	"github.com/boltseal/boltseal/internal/scan"
)

// text is a content whose first bytes are known.
type text struct {
	head []byte
	data []byte    // all of it, nil for a stream
	r    io.Reader // of a stream
}

func textOf(c *scan.Content) text {
	if data := c.Bytes(); data != nil {
		return text{head: data[:min(len(data), scan.HeadSize)], data: data}
	}
	r := bufio.NewReaderSize(c.Reader(), scan.HeadSize)
	head, _ := r.Peek(scan.HeadSize)
	return text{head: bytes.Clone(head), r: r}
}

// search finds the secrets of a text.
type search func(*chunker) ([]record, error)

// search gives the search through a text of an entry, or of what is in it.
func (p *pass) search(ctx context.Context, e *scan.Entry, inner string) search {
	return func(c *chunker) ([]record, error) {
		var out []record
		d := detection{
			rules: p.rules, path: e.Path + inner, commit: e.Commit,
			report: func(h hit) { out = append(out, p.record(e, inner, h)) },
		}
		err := d.run(ctx, c)
		return out, err
	}
}

// archive looks at the files in an archive.
func (p *pass) archive(ctx context.Context, e *scan.Entry, c *scan.Content, t text, out *part) error {
	if t.data == nil {
		c = scan.NewStream(t.r, c.Size())
	}
	skip := func(_, why string) {
		if out.Skipped == nil {
			out.Skipped = make(map[string]int)
		}
		out.Skipped[why]++
	}
	return unpack(ctx, e.Path, c, p.opt.ArchiveDepth, defaultArchiveLimits, archiveVisitor{
		leaveOut: p.rules.pathAllowed,
		skipped:  skip,
		file: func(f innerFile, r io.Reader) error {
			inner := strings.TrimPrefix(f.path, e.Path)
			if p.rules.pathAllowed(f.path) {
				skip(f.path, skippedPath)
				return nil
			}
			out.Secrets = append(out.Secrets, p.named(e, inner)...)
			in := bufio.NewReaderSize(r, scan.HeadSize)
			head, _ := in.Peek(scan.HeadSize)
			if isBinary(head) {
				skip(f.path, skippedBinary)
				return nil
			}
			found, err := text{head: bytes.Clone(head), r: in}.look(p.search(ctx, e, inner))
			out.Secrets = append(out.Secrets, found...)
			return err
		},
	})
}

// credReader keeps the first bytes of a text that is being searched.
type credReader struct {
	data []byte
	kept bytes.Buffer
}

func (k *credReader) tap(t text) text {
	if t.data != nil {
		k.data = t.data
		return t
	}
	t.r = io.TeeReader(t.r, (*firstBytes)(&k.kept))
	return t
}

func (k *credReader) content() []byte {
	if k.data != nil {
		return k.data[:min(len(k.data), maxCredential)]
	}
	return k.kept.Bytes()
}

// firstBytes takes as much as is looked at for credentials, and drops the rest.
type firstBytes bytes.Buffer

func (f *firstBytes) Write(p []byte) (int, error) {
	b := (*bytes.Buffer)(f)
	b.Write(p[:min(len(p), maxCredential-b.Len())])
	return len(p), nil
}

// look searches a text as it is, and once more as what it says where it begins with
// a byte order mark: what begins so need not be text.
func (t text) look(find search) ([]record, error) {
	enc := encodingOf(t.head)
	switch {
	case enc == nil && t.data != nil:
		return find(newChunker(t.data, regionSizes))
	case enc == nil:
		return find(newStreamChunker(t.r, regionSizes))
	case t.data != nil:
		raw, err := find(newChunker(t.data, regionSizes))
		decoded, more := find(newStreamChunker(newDecoder(enc, bytes.NewReader(t.data)), regionSizes))
		return append(raw, decoded...), errors.Join(err, more)
	}
	return t.both(find, enc)
}

// both reads a stream once for two searches. A failure to read is the first one's.
func (t text) both(find search, enc *encoding) ([]record, error) {
	pr, pw := io.Pipe()
	defer pw.Close() //nolint:errcheck // never fails
	var decoded []record
	done := make(chan error, 1)
	go func() {
		err := errPanic
		defer func() {
			if recover() != nil {
				err = errPanic
			}
			pr.Close() //nolint:errcheck // never fails; the writer waits no longer
			done <- err
		}()
		decoded, err = find(newStreamChunker(newDecoder(enc, pr), regionSizes))
	}()
	tee := &teeReader{r: t.r, w: pw}
	raw, err := find(newStreamChunker(tee, regionSizes))
	if errors.Is(err, errTooMany) {
		io.Copy(io.Discard, tee) //nolint:errcheck // the rest is for the other one
	}
	pw.Close() //nolint:errcheck // never fails
	more := <-done
	return append(raw, decoded...), errors.Join(err, more)
}

// teeReader copies what is read from r to w for as long as w takes it.
type teeReader struct {
	r io.Reader
	w io.Writer
}

func (t *teeReader) Read(p []byte) (int, error) {
	n, err := t.r.Read(p)
	if n > 0 && t.w != nil {
		if _, lost := t.w.Write(p[:n]); lost != nil {
			t.w = nil
		}
	}
	return n, err
}
