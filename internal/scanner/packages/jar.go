package packages

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"path"
	"strings"

	"github.com/google/osv-scalibr/extractor/filesystem/language/java/archive"
)

// The limits of a Java archive with everything in it.
const (
	maxJarDepth   = 16
	maxJarBytes   = 512 << 20 // of archives in it, all together
	maxNested     = 64 << 20  // of one that is unpacked
	maxAlive      = 128 << 20 // of those that are unpacked at one time
	maxManifests  = 64 << 20  // of one archive
	maxJarEntries = 500_000
	maxJarFile    = 1 << 20 // of a manifest or pom.properties
)

// inflation is the memory for archives that are unpacked out of others, for the
// whole process. One file after the other has it: two that each held a part could
// wait for each other.
type inflation struct{ free chan struct{} }

func newInflation() *inflation {
	return &inflation{free: make(chan struct{}, 1)}
}

func (i *inflation) acquire(ctx context.Context) error {
	select {
	case i.free <- struct{}{}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (i *inflation) release() { <-i.free }

// jar walks an archive and the archives in it. What says which package an archive
// is goes to the library in a small archive of its own, so that neither depth nor
// unpacked size are the archive's choice.
type jar struct {
	ctx     context.Context //nolint:containedctx // lives as long as one file is read
	memory  *inflation
	holds   bool  // it has the memory
	alive   int64 // bytes of it in use
	bytes   int64
	entries int
	rows    []row
	errs    []error
}

func readJar(memory *inflation) reader {
	return func(ctx context.Context, p string, data []byte) (*part, error) {
		j := &jar{ctx: ctx, memory: memory}
		defer func() {
			if j.holds {
				memory.release()
			}
		}()
		j.walk(p, "", data, 1)
		return &part{Rows: j.rows}, errors.Join(j.errs...)
	}
}

// lastPart shortens a path in an archive for a message.
func lastPart(inner string) string {
	if len(inner) > 80 {
		inner = "..." + inner[len(inner)-80:]
	}
	return strings.ToValidUTF8(inner, "")
}

// fail keeps an error with the archive that it is of.
func (j *jar) fail(inner string, err error) {
	inner = lastPart(inner)
	if inner != "" {
		err = fmt.Errorf("%s: %w", inner, err)
	}
	if len(j.errs) < 10 {
		j.errs = append(j.errs, err)
	}
}

// walk reads the archive at the path inner in the file p; "" is the file itself.
func (j *jar) walk(p, inner string, data []byte, depth int) {
	if err := j.ctx.Err(); err != nil {
		j.fail(inner, err)
		return
	}
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		j.fail(inner, err)
		return
	}
	if j.entries += len(z.File); j.entries > maxJarEntries {
		j.fail(inner, fmt.Errorf("more than %d files", maxJarEntries))
		return
	}
	if err := j.describe(p, inner, z); err != nil {
		j.fail(inner, err)
	}
	for _, f := range z.File {
		if !isArchiveName(f.Name) || f.FileInfo().IsDir() {
			continue
		}
		name := path.Join(inner, f.Name)
		if depth >= maxJarDepth {
			j.fail(name, fmt.Errorf("more than %d archives in each other", maxJarDepth))
			continue
		}
		j.nested(p, name, data, f, depth)
	}
}

// nested walks an archive that lies in another one, whose bytes are outer.
func (j *jar) nested(p, name string, outer []byte, f *zip.File, depth int) {
	size := f.UncompressedSize64
	if size > uint64(maxJarBytes-j.bytes) {
		j.fail(name, fmt.Errorf("more than %d bytes of archives in it", maxJarBytes))
		return
	}
	j.bytes += int64(size)
	if data, ok := stored(outer, f); ok {
		j.walk(p, name, data, depth+1)
		return
	}
	data, err := j.inflate(f)
	if err != nil {
		j.fail(name, err)
		return
	}
	j.walk(p, name, data, depth+1)
	j.alive -= int64(len(data))
}

// stored gives an archive that is not compressed as a part of the one around it.
func stored(outer []byte, f *zip.File) ([]byte, bool) {
	at, err := f.DataOffset()
	if err != nil || f.Method != zip.Store || f.CompressedSize64 != f.UncompressedSize64 ||
		at < 0 || at > int64(len(outer)) || f.UncompressedSize64 > uint64(int64(len(outer))-at) {
		return nil, false
	}
	data := outer[at : at+int64(f.UncompressedSize64)]
	return data, f.CRC32 == 0 || f.CRC32 == crc32.ChecksumIEEE(data)
}

// inflate unpacks an archive, within what the process has for that.
func (j *jar) inflate(f *zip.File) ([]byte, error) {
	size := int64(f.UncompressedSize64)
	switch {
	case size > maxNested:
		return nil, fmt.Errorf("%d bytes unpacked, of at most %d", size, maxNested)
	case j.alive+size > maxAlive:
		return nil, fmt.Errorf("more than %d bytes of archives in each other", maxAlive)
	}
	if !j.holds {
		if err := j.memory.acquire(j.ctx); err != nil {
			return nil, err
		}
		j.holds = true
	}
	r, err := f.Open()
	if err != nil {
		return nil, err
	}
	defer r.Close() //nolint:errcheck // only read from
	data := make([]byte, size)
	if _, err := io.ReadFull(r, data); err != nil {
		return nil, fmt.Errorf("unpacking: %w", err)
	}
	if n, err := r.Read(make([]byte, 1)); n > 0 || err != nil && !errors.Is(err, io.EOF) {
		return nil, errors.New("unpacking: its size or checksum is another one")
	}
	j.alive += size
	return data, nil
}

func readMember(f *zip.File, limit int64) ([]byte, error) {
	r, err := f.Open()
	if err != nil {
		return nil, err
	}
	defer r.Close() //nolint:errcheck // only read from
	data, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err == nil && int64(len(data)) > limit {
		err = fmt.Errorf("more than %d bytes", limit)
	}
	return data, err
}

// describe asks the library which packages one archive is.
func (j *jar) describe(p, inner string, z *zip.Reader) error {
	var small bytes.Buffer
	w := zip.NewWriter(&small)
	for _, f := range z.File {
		base := path.Base(f.Name)
		if base != "pom.properties" && !strings.EqualFold(base, "manifest.mf") {
			continue
		}
		data, err := readMember(f, maxJarFile)
		if err != nil {
			return fmt.Errorf("%s: %w", f.Name, err)
		}
		m, err := w.CreateHeader(&zip.FileHeader{Name: f.Name, Method: zip.Store})
		if err == nil {
			_, err = m.Write(data)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", f.Name, err)
		}
		if small.Len() > maxManifests {
			return fmt.Errorf("more than %d bytes of manifests", maxManifests)
		}
	}
	if err := w.Close(); err != nil {
		return err
	}
	x, err := archive.New(config())
	if err != nil {
		return err
	}
	rows, err := extract(j.ctx, x, path.Join(p, inner), small.Bytes())
	for _, r := range rows {
		if r.Version == "" || strings.Contains(r.Version, "${") {
			r.Version = ""
		}
		r.Inner = inner
		j.rows = append(j.rows, r)
	}
	return err
}
