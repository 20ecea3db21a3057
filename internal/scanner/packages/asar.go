package packages

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"strconv"
	"strings"

	"github.com/google/osv-scalibr/extractor/filesystem/language/javascript/packagejson"

	"github.com/boltseal/boltseal/internal/scan"
)

// The limits of an archive of Electron's.
const (
	maxAsarHeader  = 64 << 20
	maxAsarFolders = 100 // in each other
	maxAsarErrors  = 10
)

// isAsar leaves out what has another beginning: others call files so, too.
func isAsar(e *scan.Entry, head func(int) []byte) bool {
	return isAsarPath(e.Path) && string(head(4)) == asarMagic
}

// asarMagic is the size of the number behind it.
const asarMagic = "\x04\x00\x00\x00"

func isAsarPath(p string) bool { return strings.EqualFold(path.Ext(p), ".asar") }

// asar reads the modules in an archive, into which Electron packs a program: a header, which
// is a tree of folders in JSON, and the files one after the other. What is "unpacked" lies
// beside the archive; in an image it is seen by itself. The library's reader looks for contents four
// bytes too far.
// https://github.com/electron/asar#format
type asar struct {
	ctx     context.Context //nolint:containedctx // lives as long as one file is read
	header  *json.Decoder
	files   []byte // all contents
	read    reader
	entries int
	bytes   int64 // of manifests that were read, and of their paths
	rows    []row
	errs    []error
}

func readAsar(ctx context.Context, _ string, data []byte) (*part, error) {
	header, files, err := openAsar(data)
	if err != nil {
		return nil, err
	}
	a := &asar{ctx: ctx, header: json.NewDecoder(bytes.NewReader(header)), files: files, read: licensed(readNodeModule(by(packagejson.New)), npmLicences)}
	a.header.UseNumber()
	if err := a.node("", 0); err != nil {
		a.errs = append(a.errs, fmt.Errorf("its header: %w", err))
	}
	made := sortedPart(a.rows)
	return made, errors.Join(a.errs...)
}

// openAsar takes header and contents apart. Two numbers of four bytes come first: 4, and
// how many bytes the header has with two more numbers, of which the second is how long its
// text is.
func openAsar(data []byte) (header, files []byte, err error) {
	if len(data) < 16 {
		return nil, nil, errors.New("it is no archive of Electron's")
	}
	size, text := int64(binary.LittleEndian.Uint32(data[4:])), int64(binary.LittleEndian.Uint32(data[12:]))
	switch {
	case text > maxAsarHeader:
		return nil, nil, fmt.Errorf("a header of %d bytes, of at most %d", text, maxAsarHeader)
	case text+8 > size || size+8 > int64(len(data)):
		return nil, nil, errors.New("its header is longer than there is room for")
	}
	return data[16 : 16+text], data[8+size:], nil
}

// asarFile is what the header says of a file.
type asarFile struct {
	folder   bool
	offset   string
	size     json.Number
	unpacked bool
}

// node reads a folder or file.
func (a *asar) node(at string, depth int) error {
	a.entries++
	switch {
	case a.ctx.Err() != nil:
		return context.Cause(a.ctx)
	case a.entries > maxJarEntries:
		return fmt.Errorf("more than %d files", maxJarEntries)
	case depth > maxAsarFolders || len(at) > maxString:
		return fmt.Errorf("more than %d folders in each other, or a path of more than %d bytes", maxAsarFolders, maxString)
	}
	var f asarFile
	err := a.object(func(key string) error {
		switch key {
		case "files":
			f.folder = true
			return a.object(func(name string) error { return a.node(path.Join(at, name), depth+1) })
		case "offset":
			return a.header.Decode(&f.offset)
		case "size":
			return a.header.Decode(&f.size)
		case "unpacked":
			return a.header.Decode(&f.unpacked)
		}
		var skipped json.RawMessage
		return a.header.Decode(&skipped)
	})
	if err != nil || f.folder || f.unpacked || !isNodeModulePath(at) {
		return err
	}
	a.module(at, &f)
	return nil
}

// object reads an object; value reads what a key has.
func (a *asar) object(value func(key string) error) error {
	if token, err := a.header.Token(); err != nil {
		return err
	} else if token != json.Delim('{') {
		return errors.New("not an object where one must be")
	}
	for a.header.More() {
		token, err := a.header.Token()
		if err != nil {
			return err
		}
		key, _ := token.(string)
		if err := value(key); err != nil {
			return err
		}
	}
	_, err := a.header.Token()
	return err
}

// module reads a module's package.json.
func (a *asar) module(at string, f *asarFile) {
	a.bytes += int64(len(at))
	data, err := a.content(f)
	if err == nil && len(data) > 0 {
		var made *part
		if made, err = a.read(a.ctx, at, data); made != nil {
			for _, r := range made.Rows {
				r.Inner, r.Line = at, 0
				a.rows = append(a.rows, r)
			}
		}
	}
	if err != nil && len(a.errs) < maxAsarErrors {
		a.errs = append(a.errs, fmt.Errorf("%s: %w", lastPart(at), err))
	}
}

// content is that of a file.
func (a *asar) content(f *asarFile) ([]byte, error) {
	offset, err := strconv.ParseInt(f.offset, 10, 64)
	if err != nil {
		return nil, errors.New("an offset that is no number")
	}
	size, err := f.size.Int64()
	total := int64(len(a.files))
	switch {
	case err != nil || size < 0 || offset < 0 || size > total || offset > total-size:
		return nil, errors.New("it lies outside of the archive")
	case size > maxJarFile || a.bytes+size > maxManifests:
		return nil, fmt.Errorf("%d bytes, of at most %d, and %d in all", size, maxJarFile, maxManifests)
	}
	a.bytes += size
	return a.files[offset : offset+size], nil
}
