package image

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"
	"time"

	"github.com/boltseal/boltseal/internal/filecap"
	"github.com/boltseal/boltseal/internal/scan"
)

// maxBadNames is how many unusable entries of a layer are named one by one.
const maxBadNames = 1000

// walker turns the tar of a layer into entries.
// https://github.com/opencontainers/image-spec/blob/main/layer.md
type walker struct {
	visitor scan.Visitor
	bounds  *bounds
	tar     *tar.Reader
	left    int64 // bytes of content that may still be read, holes included
	bad     int64 // entries that could not be used
}

// walk offers every entry. What cannot be used is told and passed over; a stream
// that breaks ends the walk.
func (w *walker) walk() error {
	defer w.tellRest()
	for first := true; ; first = false {
		h, err := w.tar.Next()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case errors.Is(err, tar.ErrHeader) && first:
			return fmt.Errorf("reading layer: %w", errNotTar)
		case err != nil && !errors.Is(err, tar.ErrInsecurePath):
			return fmt.Errorf("reading layer: %w", err)
		}
		if h.Typeflag == tar.TypeXGlobalHeader {
			continue // no file of its own
		}
		e, err := newEntry(h)
		if err != nil {
			if err := w.fail(h, err); err != nil {
				return err
			}
			continue
		}
		w.capabilities(&e, h)
		if err := w.offer(e, h); err != nil {
			return err
		}
	}
}

// capabilities adds those of a file. Of such that make no sense it tells: the file itself
// is there.
func (w *walker) capabilities(e *scan.Entry, h *tar.Header) {
	if e.Kind != scan.File && e.Kind != scan.Hardlink {
		return // the kernel looks at them when a file is started
	}
	var err error
	if e.Capabilities, err = filecap.FromPAX(h.PAXRecords); err != nil {
		w.tell(h.Name, fmt.Errorf("reading file capabilities: %w", err))
	}
}

// fail tells of an entry that cannot be used. It counts as one.
func (w *walker) fail(h *tar.Header, err error) error {
	w.tell(h.Name, err)
	return w.bounds.add(&scan.Entry{})
}

func (w *walker) tell(name string, err error) {
	if w.bad++; w.bad <= maxBadNames {
		w.visitor.Failed(shown(name), err)
	}
}

func (w *walker) tellRest() {
	if n := w.bad - maxBadNames; n > 0 {
		w.visitor.Failed("", fmt.Errorf("%d more entries of this layer cannot be used", n))
	}
}

// offer hands on an entry, or what its name says it means.
func (w *walker) offer(e scan.Entry, h *tar.Header) error {
	kind, hidden, err := whiteout(e.Path)
	switch {
	case err != nil:
		return w.fail(h, err)
	case kind == aufsRecord && (e.Kind != scan.File || e.Size == 0):
		return nil
	case kind == whiteoutFile || kind == whiteoutDir:
		if e.Size > 0 {
			// Its content never reaches a container but ships all the same.
			w.tell(h.Name, errors.New("whiteout with content, which nothing looks at"))
		}
		e = scan.Entry{Path: hidden, Kind: scan.Whiteout}
		if kind == whiteoutDir {
			e.Kind = scan.Opaque
		}
	}
	if err := w.bounds.add(&e); err != nil {
		return err
	}
	c := &content{walker: w, size: e.Size}
	err = w.visitor.Entry(e, func() (io.ReadCloser, error) {
		if e.Kind != scan.File {
			return nil, fmt.Errorf("opening: %w: not a regular file", fs.ErrInvalid)
		}
		if e.Size > w.bounds.opt.MaxUnpacked {
			return nil, fmt.Errorf("%w: more than %d bytes", scan.ErrTooLarge, w.bounds.opt.MaxUnpacked)
		}
		return c, nil
	})
	c.over = true
	return err
}

// newEntry makes an entry of a header, or says why it cannot.
func newEntry(h *tar.Header) (scan.Entry, error) {
	p, err := cleanPath(h.Name)
	if err != nil {
		return scan.Entry{}, err
	}
	e := scan.Entry{
		Path:    p,
		Mode:    fileMode(h.Mode),
		UID:     h.Uid,
		GID:     h.Gid,
		ModTime: modTime(h.ModTime),
	}
	switch h.Typeflag {
	case tar.TypeReg, tar.TypeGNUSparse, tar.TypeCont:
		e.Kind, e.Size = scan.File, h.Size
	case tar.TypeDir:
		e.Kind = scan.Dir
	case tar.TypeChar, tar.TypeBlock, tar.TypeFifo:
		e.Kind = scan.Device
	case tar.TypeSymlink:
		e.Kind, e.Link = scan.Symlink, printable(h.Linkname)
		err = checkName(h.Linkname)
	case tar.TypeLink:
		e.Kind = scan.Hardlink
		e.Link, err = cleanPath(h.Linkname)
	default:
		return scan.Entry{}, fmt.Errorf("unknown kind of tar entry %q", h.Typeflag)
	}
	switch {
	case err != nil:
		return scan.Entry{}, fmt.Errorf("link target: %w", err)
	case e.Kind == scan.Hardlink && e.Link == "":
		return scan.Entry{}, errors.New("link target: the root directory")
	case e.Path == "" && e.Kind != scan.Dir:
		return scan.Entry{}, errors.New("named as the root directory, but is none")
	}
	return e, nil
}

// fileMode translates the bits that tar keeps.
func fileMode(mode int64) fs.FileMode {
	m := fs.FileMode(mode & 0o777)
	if mode&0o4000 != 0 {
		m |= fs.ModeSetuid
	}
	if mode&0o2000 != 0 {
		m |= fs.ModeSetgid
	}
	if mode&0o1000 != 0 {
		m |= fs.ModeSticky
	}
	return m
}

// modTime drops what JSON has no notation for.
func modTime(t time.Time) time.Time {
	t = t.UTC()
	if t.Year() < 1 || t.Year() > 9999 {
		return time.Time{}
	}
	return t
}

// What the name of an entry says beyond being a name.
type special uint8

const (
	ordinary     special = iota
	whiteoutFile         // deletes a path of the layers below
	whiteoutDir          // deletes everything in a directory of the layers below
	aufsRecord           // something that aufs keeps for itself
)

const (
	whiteoutPrefix = ".wh."
	aufsPrefix     = ".wh..wh."
	opaqueName     = ".wh..wh..opq"
)

// whiteout tells what the name of an entry means, and which path it hides.
// Records of aufs stand in the root directory; where they have content (the
// directory .wh..wh.plnk keeps that of hard links) they are files like others.
func whiteout(p string) (special, string, error) {
	dir, base := path.Split(p)
	dir = strings.TrimSuffix(dir, "/")
	name, isWhiteout := strings.CutPrefix(base, whiteoutPrefix)
	switch {
	case base == opaqueName:
		return whiteoutDir, dir, nil
	case strings.HasPrefix(p, aufsPrefix):
		return aufsRecord, "", nil
	case !isWhiteout:
		return ordinary, "", nil
	case name == "" || name == "." || name == "..":
		return ordinary, "", errors.New("whiteout of no name")
	default:
		return whiteoutFile, path.Join(dir, name), nil
	}
}

// content is the content of the entry at which the tar stands.
type content struct {
	walker *walker
	size   int64
	over   bool // Entry has returned
}

var errOver = errors.New("content of a layer read after its time")

// Read implements io.Reader. Content that a tar only describes, as holes, is
// bounded like content that it holds.
func (c *content) Read(p []byte) (int, error) {
	if c.over {
		return 0, errOver
	}
	w := c.walker
	if w.left <= 0 {
		return 0, fmt.Errorf("contents of the layer are more than %d bytes", w.bounds.opt.MaxUnpacked)
	}
	if int64(len(p)) > w.left {
		p = p[:w.left]
	}
	n, err := w.tar.Read(p)
	w.left -= int64(n)
	return n, err
}

// Close implements io.Closer.
func (c *content) Close() error {
	c.over = true
	return nil
}
