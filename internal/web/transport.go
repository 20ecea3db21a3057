// Package web talks to servers that can be slow, broken or hostile: it asks again
// where that may help, gives up on silence, refuses plain HTTP and redirects to this
// machine, and says what went wrong in words of its own.
package web

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// The bounds of talking to a server.
const (
	StallLimit = time.Minute            // without a byte
	DialLimit  = 20 * time.Second       // for a connection, and for its handshake
	MaxTries   = 5                      // of one request
	FirstPause = 500 * time.Millisecond // before the second try; it doubles from there on
)

const (
	maxPause       = time.Minute // that a server may ask for
	maxRedirects   = 10
	maxHeaderBytes = 1 << 20
	maxAnswer      = 64 << 10 // bytes of an answer that is thrown away
)

// Options say how servers are reached. The zero value is ready to use.
type Options struct {
	// Proxy gives the proxy for an address, nil for none. Its errors are told.
	Proxy func(*url.URL) (*url.URL, error)
	// Insecure are the hosts, as HOST or HOST:PORT, that may be reached over plain
	// HTTP. Beside them only loopback addresses may.
	Insecure []string
	// InsecureFlag is the flag that fills Insecure; empty where there is none.
	InsecureFlag string
	// Stall is how long a server may be silent; 0 is StallLimit.
	Stall time.Duration
	// Wait waits before a request is sent again; nil is Pause.
	Wait func(context.Context, time.Duration) error
}

// Transport is a connection pool with its bounds.
func (o Options) Transport() *http.Transport {
	t := &http.Transport{
		DialContext:            (&net.Dialer{Timeout: DialLimit}).DialContext,
		TLSHandshakeTimeout:    DialLimit,
		MaxIdleConnsPerHost:    8,
		IdleConnTimeout:        time.Minute,
		MaxResponseHeaderBytes: maxHeaderBytes,
		ForceAttemptHTTP2:      true,
		// What is hashed are the bytes as they are stored.
		DisableCompression: true,
	}
	if o.Proxy != nil {
		t.Proxy = func(req *http.Request) (*url.URL, error) {
			proxy, err := o.Proxy(req.URL)
			if err != nil {
				return nil, Faultf("%v", err)
			}
			return proxy, nil
		}
	}
	return t
}

// RoundTripper asks again where that may help, refuses plain HTTP, and gives up on
// servers that fall silent.
func (o Options) RoundTripper(base http.RoundTripper) http.RoundTripper {
	wait := o.Wait
	if wait == nil {
		wait = Pause
	}
	return &retrying{&encrypted{Patient(base, o.Stall), o.Insecure, o.InsecureFlag}, wait}
}

// Pause waits, or until the context ends.
func Pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Patient gives up on a server from which nothing comes for the given time, 0 for
// StallLimit. The time that a reader takes for what came does not count.
func Patient(inner http.RoundTripper, stall time.Duration) http.RoundTripper {
	if stall <= 0 {
		stall = StallLimit
	}
	return &patient{inner, stall}
}

type patient struct {
	inner http.RoundTripper
	limit time.Duration
}

// RoundTrip implements http.RoundTripper.
func (p *patient) RoundTrip(req *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithCancelCause(req.Context())
	silent := Faultf("nothing came from it for %s", p.limit)
	timer := time.AfterFunc(p.limit, func() { cancel(silent) })
	resp, err := p.inner.RoundTrip(req.WithContext(ctx))
	timer.Stop()
	if err != nil {
		if errors.Is(context.Cause(ctx), silent) {
			err = silent
		}
		cancel(nil)
		return nil, err
	}
	resp.Body = &patientBody{resp.Body, ctx, cancel, timer, p.limit, silent}
	return resp, nil
}

// patientBody is an answer under watch.
type patientBody struct {
	io.ReadCloser
	ctx    context.Context //nolint:containedctx // of the request that is answered
	cancel context.CancelCauseFunc
	timer  *time.Timer
	limit  time.Duration
	silent error
}

// Read implements io.Reader.
func (b *patientBody) Read(p []byte) (int, error) {
	b.timer.Reset(b.limit)
	n, err := b.ReadCloser.Read(p)
	b.timer.Stop()
	if err != nil && errors.Is(context.Cause(b.ctx), b.silent) {
		err = b.silent
	}
	return n, err
}

// Close implements io.Closer.
func (b *patientBody) Close() error {
	b.timer.Stop()
	err := b.ReadCloser.Close()
	b.cancel(nil)
	return err
}

// encrypted refuses plain HTTP, also where a server leads to it: for a sign-in or a
// layer that lies elsewhere.
type encrypted struct {
	inner    http.RoundTripper
	insecure []string
	flag     string
}

// RoundTrip implements http.RoundTripper.
func (e *encrypted) RoundTrip(req *http.Request) (*http.Response, error) {
	host := req.URL.Host
	switch {
	case req.URL.Scheme == "https":
	case req.URL.Scheme != "http":
		return nil, Faultf("leads to an address that is neither https nor http")
	case IsLoopback(req.URL.Hostname()) || slices.Contains(e.insecure, host):
	case e.flag == "":
		return nil, Faultf("%s is not reached over plain HTTP: use https", printable(host))
	default:
		return nil, Faultf("%s is reached over plain HTTP only when asked: %s %s", printable(host), e.flag, printable(host))
	}
	return e.inner.RoundTrip(req)
}

// IsLoopback says whether a host is this machine.
func IsLoopback(host string) bool {
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}

// Redirect says whether to follow, for CheckRedirect of a client. Credentials do not: they are put on requests to
// the registry's own host only. A registry elsewhere must not have us ask what
// listens on this machine or tells a cloud machine its secrets.
func Redirect(req *http.Request, via []*http.Request) error {
	req.Header.Del("Referer") // can be a signed address
	from, to := via[0].URL.Hostname(), req.URL.Hostname()
	switch {
	case len(via) >= maxRedirects:
		return Faultf("leads on more than %d times", maxRedirects)
	case IsLoopback(to) && !IsLoopback(from):
		return Faultf("leads to an address of this machine, which is refused")
	case isLinkLocal(to) && !isLinkLocal(from):
		return Faultf("leads to a link-local address, which is refused")
	}
	return nil
}

func isLinkLocal(host string) bool {
	ip, err := netip.ParseAddr(host)
	return err == nil && (ip.Unmap().IsLinkLocalUnicast() || ip.IsUnspecified())
}

// retrying asks again after what passes: a server that is too busy or fails, a
// connection that breaks.
type retrying struct {
	inner http.RoundTripper
	wait  func(context.Context, time.Duration) error
}

// RoundTrip implements http.RoundTripper.
func (r *retrying) RoundTrip(req *http.Request) (*http.Response, error) {
	for try := 1; ; try++ {
		resp, err := r.inner.RoundTrip(req)
		pause, why := again(resp, err, try)
		if why == nil {
			return resp, err
		}
		if resp != nil {
			_, _ = io.CopyN(io.Discard, resp.Body, maxAnswer) // so that the connection can be used again
			resp.Body.Close()                                 //nolint:errcheck // only read from
		}
		if try == MaxTries || pause > maxPause || !rewind(req) {
			return nil, why
		}
		if err := r.wait(req.Context(), pause); err != nil {
			return nil, err
		}
	}
}

// rewind makes a request ready to be sent again.
func rewind(req *http.Request) bool {
	if req.Body == nil {
		return true
	}
	if req.GetBody == nil {
		return false
	}
	body, err := req.GetBody()
	if err != nil {
		return false
	}
	req.Body = body
	return true
}

// again says how long to wait before asking again, and what to say of it where
// that is the end. A nil error says that asking again is of no use.
func again(resp *http.Response, err error, try int) (time.Duration, error) {
	pause := FirstPause << (try - 1)
	if err != nil {
		if Passes(err) {
			return pause, err
		}
		return 0, nil
	}
	switch resp.StatusCode {
	case http.StatusTooManyRequests, http.StatusRequestTimeout, http.StatusInternalServerError,
		http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
	default:
		return 0, nil
	}
	status := fmt.Sprintf("answers %d %s", resp.StatusCode, http.StatusText(resp.StatusCode))
	pause = max(pause, retryAfter(resp.Header.Get("Retry-After")))
	if pause > maxPause {
		return pause, Faultf("%s and asks to wait for %s, longer than %s", status, pause.Round(time.Second), maxPause)
	}
	if try > 1 {
		status += fmt.Sprintf(", %d times", try)
	}
	return pause, Faultf("%s", status)
}

// retryAfter reads what a server asks for, in seconds or as a date.
func retryAfter(value string) time.Duration {
	if seconds, err := strconv.ParseUint(value, 10, 31); err == nil {
		return time.Duration(seconds) * time.Second
	}
	if date, err := http.ParseTime(value); err == nil {
		return time.Until(date)
	}
	return 0
}

// ContentRange reads the first byte of a part and the size of the whole, -1 if there is
// none.
func ContentRange(resp *http.Response) (start, total int64) {
	rest, ok := strings.CutPrefix(resp.Header.Get("Content-Range"), "bytes ")
	first, size, _ := strings.Cut(rest, "/")
	first, _, ok2 := strings.Cut(first, "-")
	start, err := strconv.ParseInt(first, 10, 64)
	if !ok || !ok2 || err != nil {
		return -1, -1
	}
	if total, err = strconv.ParseInt(size, 10, 64); err != nil {
		total = -1
	}
	return start, total
}

// Passes says that an error may not come again.
func Passes(err error) bool {
	if dns := (*net.DNSError)(nil); errors.As(err, &dns) {
		return dns.IsTemporary
	}
	for _, e := range []error{io.ErrUnexpectedEOF, io.EOF, syscall.ECONNRESET, syscall.ECONNREFUSED, syscall.EPIPE} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// SameHost follows redirects within one host only, for CheckRedirect of a client
// whose answers nothing else vouches for.
func SameHost(req *http.Request, via []*http.Request) error {
	if from, to := via[0].URL.Host, req.URL.Host; !strings.EqualFold(from, to) {
		return Faultf("leads to another host (%s), which is refused: name that one if you trust it", printable(req.URL.Hostname()))
	}
	return Redirect(req, via)
}
