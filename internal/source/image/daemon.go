package image

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"syscall"

	"github.com/boltseal/boltseal/internal/web"
)

// spooled is what a daemon saved. It names layers only at its end and writes them in
// an order that is not that of the image, so it lies in a temporary file while it is
// scanned. Asking again for each layer would cost the daemon more: it writes all of
// an image down before it sends the first byte.
//
// Asking twice, for the documents and then for the layers as they come, would only move
// the file: the daemon writes it two times. And it would tie the order in which layers are
// walked to that in which they are sent, which is nobody's promise: with fewer workers
// than layers, each waiting for a layer that comes later, nothing would move.
type spooled struct {
	store
	label label
	path  string // of the file; empty where it has no name any more
}

func (s *spooled) close() error {
	err := s.store.close()
	if s.path != "" {
		err = problems{err, os.Remove(s.path)}.orNil()
	}
	return err
}

// daemon is one that listens on a socket.
type daemon struct {
	scheme string
	client *http.Client
	base   *http.Transport
}

// openDaemon has a daemon save an image.
// https://docs.docker.com/reference/api/engine/, ImageGet
func openDaemon(ctx context.Context, scheme, ref string, opt Options) (store, error) {
	remote := opt.Remote.filled()
	label, err := daemonLabel(ref)
	if err != nil {
		return nil, err
	}
	d, err := connect(remote, scheme)
	if err != nil {
		return nil, err
	}
	defer d.base.CloseIdleConnections()
	if err := d.inspect(ctx, ref, remote.MaxSpool); err != nil {
		return nil, err
	}
	body, err := d.get(ctx, ref, "get")
	if err != nil {
		return nil, err
	}
	defer body.Close() //nolint:errcheck // only read from
	file, path, err := d.spool(body, remote.MaxSpool)
	if err != nil {
		return nil, err
	}
	a, err := indexed(ctx, file, opt)
	if err != nil {
		discard(file, path)
		return nil, err
	}
	return &spooled{a, label, path}, nil
}

// daemonLabel reads the name of a daemon's image. It can be its id: then the daemon
// says what it is called.
func daemonLabel(ref string) (label, error) {
	if isImageID(ref) {
		return label{}, nil
	}
	parsed, err := parseReference(ref)
	if err != nil {
		return label{}, err
	}
	return referenceLabel(ref, parsed), nil
}

// isImageID says whether a reference is the whole digest of a configuration.
func isImageID(ref string) bool {
	hex, ok := strings.CutPrefix(ref, "sha256:")
	return ok && len(hex) == 64 && strings.Trim(hex, "0123456789abcdef") == ""
}

// connect finds the socket on which a daemon may listen.
func connect(remote Remote, scheme string) (*daemon, error) {
	sockets := remote.sockets(scheme)
	for _, s := range sockets {
		info, err := os.Stat(s)
		if err != nil || info.Mode()&fs.ModeSocket == 0 {
			continue
		}
		base := remote.base()
		base.Proxy = nil
		base.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{Timeout: web.DialLimit}).DialContext(ctx, "unix", s)
		}
		return &daemon{scheme: scheme, base: base, client: &http.Client{
			Transport:     web.Patient(base, remote.stall),
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		}}, nil
	}
	if len(sockets) == 0 {
		return nil, &fault{Text: "no socket of a " + scheme + " daemon is known", Is: errNotHere}
	}
	return nil, &fault{Text: "no " + scheme + " daemon listens on " + strings.Join(sockets, " or "), Is: errNotHere}
}

// get asks the daemon for something of an image.
func (d *daemon) get(ctx context.Context, ref, what string) (io.ReadCloser, error) {
	u := url.URL{Scheme: "http", Host: d.scheme, Path: "/images/" + ref + "/" + what}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, faultf("%s daemon: no address", d.scheme)
	}
	resp, err := d.client.Do(req)
	if err != nil {
		return nil, d.told(ctx, err)
	}
	if resp.StatusCode == http.StatusOK {
		return resp.Body, nil
	}
	resp.Body.Close() //nolint:errcheck // only read from
	if resp.StatusCode == http.StatusNotFound {
		return nil, &fault{Text: "the " + d.scheme + " daemon does not have it", Is: errNotHere}
	}
	return nil, faultf("the %s daemon answers %d %s", d.scheme, resp.StatusCode, http.StatusText(resp.StatusCode))
}

// told says what is wrong with a daemon. One that cannot be reached is none.
func (d *daemon) told(ctx context.Context, err error) error {
	var f *fault
	var op *net.OpError
	prefix := "the " + d.scheme + " daemon: "
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.As(err, &f):
		return &fault{Text: prefix + f.Text, Is: f.Is}
	case errors.Is(err, fs.ErrPermission):
		return &fault{Text: prefix + "this user may not use its socket", Is: errNotHere}
	case errors.As(err, &op) && op.Op == "dial":
		return &fault{Text: prefix + "its socket is there and nothing listens on it", Is: errNotHere}
	}
	if text := web.Connection(err, insecureFlag); text != "" {
		return faultf("%s%s", prefix, text)
	}
	return faultf("%sgives no answer that a daemon gives", prefix)
}

// inspect asks whether the image is there, and is not too large to be spooled.
func (d *daemon) inspect(ctx context.Context, ref string, limit int64) error {
	body, err := d.get(ctx, ref, "json")
	if err != nil {
		return err
	}
	defer body.Close() //nolint:errcheck // only read from
	data, err := io.ReadAll(io.LimitReader(body, maxDocument+1))
	if err != nil {
		return d.told(ctx, err)
	}
	var image struct {
		ID   string `json:"Id"`
		Size int64
	}
	if len(data) > maxDocument || json.Unmarshal(data, &image) != nil || image.ID == "" {
		return faultf("the %s daemon gives no answer that a daemon gives", d.scheme)
	}
	if image.Size > limit {
		return tooLarge(limit)
	}
	return nil
}

func tooLarge(limit int64) error {
	return faultf("image is larger than the %d bytes that a daemon's image may take on disk while it is scanned: scan it in its registry, or save it to a file", limit)
}

// spool writes what comes to a temporary file, which has no name any more where
// the system lets a file live without one.
func (d *daemon) spool(body io.Reader, limit int64) (file *os.File, path string, err error) {
	file, err = os.CreateTemp("", "boltseal-*.tar")
	if err != nil {
		return nil, "", fmt.Errorf("making a temporary file: %w", reason(err))
	}
	path = file.Name()
	if os.Remove(path) == nil {
		path = ""
	}
	n, err := io.Copy(file, io.LimitReader(body, limit+1))
	switch {
	case errors.Is(err, syscall.ENOSPC):
		err = fmt.Errorf("no space left in %s for the image: make some, or point TMPDIR elsewhere", os.TempDir())
	case errors.As(err, new(*fs.PathError)):
		err = fmt.Errorf("writing a temporary file: %w", reason(err))
	case err != nil:
		err = d.told(context.Background(), err)
	case n > limit:
		err = tooLarge(limit)
	default:
		return file, path, nil
	}
	discard(file, path)
	return nil, "", err
}

// discard closes and removes a temporary file.
func discard(file *os.File, path string) {
	file.Close() //nolint:errcheck // nobody wants it
	if path != "" {
		os.Remove(path) //nolint:errcheck // the system clears such files away
	}
}
