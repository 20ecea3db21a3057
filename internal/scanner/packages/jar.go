package packages

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/google/osv-scalibr/extractor/filesystem/language/java/archive"
)

// The limits of a Java archive with everything in it.
const (
	maxJarDepth   = 16
	maxJarBytes   = 512 << 20 // of archives in it, unpacked
	maxJarEntries = 500_000
	maxJarFile    = 1 << 20 // of a manifest or pom.properties
)

// jar walks an archive and the archives in it. What says which package an archive
// is goes to the library in a small archive of its own, so that neither depth nor
// unpacked size are the archive's choice.
type jar struct {
	ctx     context.Context //nolint:containedctx // lives as long as one file is read
	bytes   int64
	entries int
	rows    []row
	errs    []error
}

func readJar(ctx context.Context, p string, data []byte) (*part, error) {
	j := &jar{ctx: ctx}
	j.walk(p, "", data, 1)
	return &part{Rows: j.rows}, errors.Join(j.errs...)
}

// fail keeps an error with the archive that it is of.
func (j *jar) fail(inner string, err error) {
	if len(inner) > 80 {
		inner = "..." + strings.ToValidUTF8(inner[len(inner)-80:], "")
	}
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
		nested, err := j.unpack(f)
		if err != nil {
			j.fail(name, err)
			continue
		}
		j.walk(p, name, nested, depth+1)
	}
}

// unpack reads an archive that lies in another one.
func (j *jar) unpack(f *zip.File) ([]byte, error) {
	if f.UncompressedSize64 > uint64(maxJarBytes-j.bytes) { //nolint:gosec // never negative
		return nil, fmt.Errorf("more than %d bytes of archives in it", maxJarBytes)
	}
	data, err := readMember(f, maxJarBytes-j.bytes)
	j.bytes += int64(len(data))
	return data, err
}

func readMember(f *zip.File, limit int64) ([]byte, error) {
	r, err := f.Open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
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
		if small.Len() > maxJarBytes {
			return fmt.Errorf("more than %d bytes of manifests", maxJarBytes)
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
