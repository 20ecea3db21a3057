package image

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
	stallLimit     = time.Minute      // without a byte
	dialLimit      = 20 * time.Second // for a connection, and for its handshake
	maxTries       = 5                // of one request
	firstPause     = 500 * time.Millisecond
	maxPause       = time.Minute // that a server may ask for
	maxRedirects   = 10
	maxHeaderBytes = 1 << 20
	maxAnswer      = 64 << 10 // bytes of an answer that is thrown away
)

// fault is an error in our own words: what a server or a library says can hold
// a token, or an address that is signed.
type fault struct {
	text string
	is   error // what it is besides; nil for nothing
}

// Error implements error.
func (f *fault) Error() string { return f.text }

// Unwrap lets errors.Is look.
func (f *fault) Unwrap() error { return f.is }

func faultf(format string, args ...any) error { return &fault{text: fmt.Sprintf(format, args...)} }

// base is a connection pool with its bounds.
func (r Remote) base() *http.Transport {
	t := &http.Transport{
		DialContext:            (&net.Dialer{Timeout: dialLimit}).DialContext,
		TLSHandshakeTimeout:    dialLimit,
		MaxIdleConnsPerHost:    8,
		IdleConnTimeout:        time.Minute,
		MaxResponseHeaderBytes: maxHeaderBytes,
		ForceAttemptHTTP2:      true,
		// What is hashed are the bytes as they are stored.
		DisableCompression: true,
	}
	if r.Proxy != nil {
		t.Proxy = func(req *http.Request) (*url.URL, error) {
			proxy, err := r.Proxy(req.URL)
			if err != nil {
				return nil, faultf("%v", err)
			}
			return proxy, nil
		}
	}
	return t
}

// roundTripper asks again where that may help, refuses plain HTTP, and gives up on
// servers that fall silent.
func (r Remote) roundTripper(base http.RoundTripper) http.RoundTripper {
	return &retrying{&encrypted{&patient{base, r.stall}, r.Insecure}, r.wait}
}

// patient gives up on a server from which nothing comes. The time that a reader
// takes for what came does not count.
type patient struct {
	inner http.RoundTripper
	limit time.Duration
}

// RoundTrip implements http.RoundTripper.
func (p *patient) RoundTrip(req *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithCancelCause(req.Context())
	silent := faultf("nothing came from it for %s", p.limit)
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
}

// RoundTrip implements http.RoundTripper.
func (e *encrypted) RoundTrip(req *http.Request) (*http.Response, error) {
	host := req.URL.Host
	switch {
	case req.URL.Scheme == "https":
	case req.URL.Scheme != "http":
		return nil, faultf("leads to an address that is neither https nor http")
	case !isLoopback(req.URL.Hostname()) && !slices.Contains(e.insecure, host):
		return nil, faultf("%s is reached over plain HTTP only when asked: --insecure-registry %s", printable(host), printable(host))
	}
	return e.inner.RoundTrip(req)
}

// isLoopback says whether a host is this machine.
func isLoopback(host string) bool {
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}

// redirect says whether to follow. Credentials do not: they are put on requests to
// the registry's own host only. A registry elsewhere must not have us ask what
// listens on this machine or tells a cloud machine its secrets.
func redirect(req *http.Request, via []*http.Request) error {
	req.Header.Del("Referer") // can be a signed address
	from, to := via[0].URL.Hostname(), req.URL.Hostname()
	switch {
	case len(via) >= maxRedirects:
		return faultf("leads on more than %d times", maxRedirects)
	case isLoopback(to) && !isLoopback(from):
		return faultf("leads to an address of this machine, which is refused")
	case isLinkLocal(to) && !isLinkLocal(from):
		return faultf("leads to a link-local address, which is refused")
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
		if try == maxTries || pause > maxPause || !rewind(req) {
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
	pause := firstPause << (try - 1)
	if err != nil {
		if passes(err) {
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
		return pause, faultf("%s and asks to wait for %s, longer than %s", status, pause.Round(time.Second), maxPause)
	}
	if try > 1 {
		status += fmt.Sprintf(", %d times", try)
	}
	return pause, faultf("%s", status)
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

// passes says that an error may not come again.
func passes(err error) bool {
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
