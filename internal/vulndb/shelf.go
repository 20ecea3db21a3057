package vulndb

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/boltseal/boltseal/internal/web"
)

// Shelf is a place with the files of a built database.
type Shelf interface {
	// Name is for messages: it holds no secret.
	Name() string
	// Manifest gives the manifest's bytes.
	Manifest(ctx context.Context) ([]byte, error)
	// Open gives a file from an offset on, or from its beginning: start says which.
	// An error that web.Passes knows says that asking again may help.
	Open(ctx context.Context, f File, offset int64) (body io.ReadCloser, start int64, err error)
	Close() error
}

// ready is the origin of a whole database.
type ready struct {
	name string
	open func(ctx context.Context, f *fetcher) (Shelf, error)
}

// Ready is the origin of a database that lies on a shelf, which is opened when it is
// asked for.
func Ready(name string, open func(ctx context.Context) (Shelf, error)) Origin {
	return ready{name, func(ctx context.Context, _ *fetcher) (Shelf, error) { return open(ctx) }}
}

// Mirror is the origin of a database that lies under an https address.
func Mirror(address string) (Origin, error) {
	if err := checkAddress(address); err != nil {
		return nil, err
	}
	base := strings.TrimSuffix(address, "/")
	return ready{shownAddress(base), func(_ context.Context, f *fetcher) (Shelf, error) { return &webShelf{f, base}, nil }}, nil
}

// Copy is the origin of a database in a folder or a .tar file.
func Copy(path string) Origin {
	return ready{path, func(context.Context, *fetcher) (Shelf, error) { return openShelf(path) }}
}

// Name implements Origin.
func (r ready) Name() string { return r.name }

// confirm implements Origin.
func (r ready) confirm(ctx context.Context, f *fetcher, digest string) (bool, error) {
	shelf, err := r.open(ctx, f)
	if err != nil {
		return false, err
	}
	defer shelf.Close() //nolint:errcheck // only read from
	raw, err := shelf.Manifest(ctx)
	return err == nil && "sha256:"+checksum(raw) == digest, err
}

// update implements Origin: the database as it is there takes the place of what is
// at hand.
func (r ready) update(ctx context.Context, j *job) (err error) {
	shelf, err := r.open(ctx, j.fetcher)
	if err != nil {
		return err
	}
	defer shelf.Close() //nolint:errcheck // only read from
	raw, err := shelf.Manifest(ctx)
	if err != nil {
		return err
	}
	m, err := parseManifest(raw)
	if err != nil {
		return err
	}
	if err := j.acceptable(m, "sha256:"+checksum(raw)); err != nil {
		return err
	}
	var fresh []string
	defer func() {
		if err != nil {
			for _, path := range fresh {
				_ = os.Remove(path)
			}
		}
	}()
	for _, f := range m.files() {
		made, err := j.copyFile(ctx, shelf, f)
		if err != nil {
			return fmt.Errorf("fetching %s: %w", f.Name, err)
		}
		if made {
			fresh = append(fresh, filepath.Join(j.Dir, f.Name))
		}
	}
	j.state = &fetchState{Manifest: j.state.Manifest, Sources: make(map[string]sourceState)} // of the database before
	if len(fresh) == 0 && j.old != nil && bytes.Equal(raw, j.raw) {
		j.left = nil
		return j.note("", r.name, validator{})
	}
	if err := j.swap(&Image{Manifest: m, raw: raw}); err != nil {
		return err
	}
	fresh, j.left = nil, nil
	return j.note("", r.name, validator{})
}

// acceptable refuses a database that must not take the place of the one at hand.
func (j *job) acceptable(m *Manifest, digest string) error {
	if err := pinned(j.Pins, digest); err != nil {
		return err
	}
	built, err := m.BuiltAt()
	if err != nil {
		return err
	}
	const tomorrow = 24
	if built.Sub(j.now).Hours() > tomorrow {
		return fmt.Errorf("the database there is of %s, which is in the future: refused", m.Built)
	}
	if j.old == nil || j.AllowOlder {
		return nil
	}
	before, err := j.old.BuiltAt()
	if err == nil && built.Before(before) {
		return &OlderError{"the database", m.Built, j.old.Built}
	}
	return nil
}

// copyFile brings a file into the folder under its name, unless it is there whole.
func (j *job) copyFile(ctx context.Context, shelf Shelf, f File) (made bool, err error) {
	path := filepath.Join(j.Dir, f.Name)
	if f.Size > maxFile {
		return false, fmt.Errorf("%w: %d bytes", errLimit, f.Size)
	}
	if err := plain(path); err != nil {
		return false, err
	}
	if sum, err := sumOf(path); err == nil && sum == f.SHA256 {
		return false, nil
	}
	part := filepath.Join(j.Dir, partPrefix+f.SHA256[:16])
	for again := true; ; again = false {
		had, err := j.fill(ctx, shelf, f, part)
		if err != nil {
			return false, err
		}
		sum, err := sumOf(part)
		if err != nil {
			return false, err
		}
		if sum == f.SHA256 {
			return true, os.Rename(part, path)
		}
		if err := os.Remove(part); err != nil {
			return false, err
		}
		if had == 0 || !again {
			return false, fmt.Errorf("%s has something else under its name: it fails its checksum", shelf.Name())
		}
	}
}

// fill fetches what is missing of a file. had is what was there before.
func (j *job) fill(ctx context.Context, shelf Shelf, f File, part string) (had int64, err error) {
	if err := plain(part); err != nil {
		return 0, err
	}
	file, err := os.OpenFile(part, os.O_CREATE|os.O_RDWR, 0o644) //nolint:gosec // what is public may be read by all
	if err != nil {
		return 0, err
	}
	defer func() {
		if closeErr := file.Close(); err == nil {
			err = closeErr
		}
	}()
	info, err := file.Stat()
	if err != nil {
		return 0, err
	}
	at := info.Size()
	if at > f.Size {
		at = 0
	}
	had = at
	for breaks := 1; at < f.Size; breaks++ {
		next, err := j.fillFrom(ctx, shelf, f, file, at)
		if err == nil && next < f.Size {
			err = fmt.Errorf("%s has %d of its %d bytes", shelf.Name(), next, f.Size)
			return had, err
		}
		at = next
		if err == nil {
			break
		}
		if !web.Passes(err) || breaks == maxBreaks {
			return had, err
		}
		if err := j.web.Wait(ctx, web.FirstPause<<min(breaks-1, 4)); err != nil {
			return had, err
		}
	}
	if err := file.Truncate(at); err != nil {
		return had, err
	}
	return had, file.Sync()
}

// fillFrom writes what comes, and says where it ends.
func (j *job) fillFrom(ctx context.Context, shelf Shelf, f File, file *os.File, offset int64) (end int64, err error) {
	body, start, err := shelf.Open(ctx, f, offset)
	if err != nil {
		return offset, err
	}
	defer body.Close() //nolint:errcheck // only read from
	if _, err := file.Seek(start, io.SeekStart); err != nil {
		return offset, err
	}
	end = start
	buf := make([]byte, 64<<10)
	for {
		n, readErr := body.Read(buf)
		if end+int64(n) > f.Size {
			return end, fmt.Errorf("%s has more than its %d bytes", shelf.Name(), f.Size)
		}
		if _, err := file.Write(buf[:n]); err != nil {
			_ = file.Truncate(0) // a disk that is full is not kept full
			return 0, err
		}
		end += int64(n)
		j.progress(Progress{f.Name, end, f.Size})
		switch {
		case errors.Is(readErr, io.EOF):
			return end, nil
		case readErr != nil:
			return end, readErr
		}
		if err := ctx.Err(); err != nil {
			return end, context.Cause(ctx)
		}
	}
}

// sumOf is the SHA-256 of a regular file.
func sumOf(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer file.Close() //nolint:errcheck // only read from
	h := sha256.New()
	if _, err := io.Copy(h, file); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// webShelf is a database under an address. The manifest comes from that very host;
// the files may lie elsewhere, as the manifest has their digests.
type webShelf struct {
	*fetcher
	base string
}

// Name implements Shelf.
func (s *webShelf) Name() string { return shownAddress(s.base) }

// Close implements Shelf.
func (s *webShelf) Close() error { return nil }

// Manifest implements Shelf.
func (s *webShelf) Manifest(ctx context.Context) ([]byte, error) {
	return s.document(ctx, s.base+"/"+manifestFile, maxManifest)
}

// Open implements Shelf.
func (s *webShelf) Open(ctx context.Context, f File, offset int64) (io.ReadCloser, int64, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.base+"/"+url.PathEscape(f.Name), nil)
	if err != nil {
		return nil, 0, web.Faultf("no address")
	}
	if offset > 0 {
		req.Header.Set("Range", fmt.Sprintf("bytes=%d-", offset))
	}
	resp, err := s.loose.Do(req)
	if err != nil {
		return nil, 0, web.Told(req.URL.Host, err)
	}
	start := int64(0)
	switch resp.StatusCode {
	case http.StatusOK:
	case http.StatusPartialContent:
		if start, _ = web.ContentRange(resp); start != offset {
			err = web.Faultf("%s answers with another part than it was asked for", resp.Request.URL.Host)
		}
	default:
		err = refusal(resp)
	}
	if err == nil {
		err = noPage(resp)
	}
	if err != nil {
		resp.Body.Close() //nolint:errcheck // only read from
		return nil, 0, err
	}
	return web.Body(resp.Body, resp.Request.URL.Host), start, nil
}

// localShelf is a database in a folder or a .tar file.
type localShelf struct{ files }

func openShelf(path string) (Shelf, error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, err
	case info.IsDir():
		return localShelf{dirFiles(path)}, nil
	case isTar(path):
		at, err := openTar(path)
		if err != nil {
			return nil, err
		}
		return localShelf{at}, nil
	}
	return nil, fmt.Errorf("%q is neither a folder nor a .tar file of a built database; advisories in OSV form are made one by: boltseal db build", path)
}

// Name implements Shelf.
func (s localShelf) Name() string { return s.name() }

// Close implements Shelf.
func (s localShelf) Close() error { return s.close() }

// Manifest implements Shelf.
func (s localShelf) Manifest(context.Context) ([]byte, error) {
	_, raw, err := readManifest(s.files)
	if errors.Is(err, ErrNotDatabase) {
		err = fmt.Errorf("%w; advisories in OSV form are made one by: boltseal db build", err)
	}
	return raw, err
}

// Open implements Shelf.
func (s localShelf) Open(_ context.Context, f File, offset int64) (io.ReadCloser, int64, error) {
	data, h, err := s.mapped(f)
	if err != nil {
		return nil, 0, err
	}
	if offset > int64(len(data)) {
		offset = 0
	}
	return &mappedBody{bytes.NewReader(data[offset:]), h}, offset, nil
}

// mappedBody is a mapped file that is read from.
type mappedBody struct {
	*bytes.Reader
	held
}

// Close implements io.Closer.
func (b *mappedBody) Close() error { return b.release() }
