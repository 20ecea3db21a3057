// Package wire lies between a forge's client library and the network: it adds the token
// and sends it to one host only, waits and tries again where that is right, and never
// takes for done what may not be.
package wire

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Clock is time, for tests to replace.
type Clock interface {
	Now() time.Time
	// Sleep waits, or until ctx ends, whose error it gives then.
	Sleep(ctx context.Context, d time.Duration) error
}

type realClock struct{}

func (realClock) Now() time.Time { return time.Now() }

func (realClock) Sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

const (
	// MaxAttempts is how often a request is made that fails on the forge's side.
	MaxAttempts = 5
	// MaxHops is how many redirects are followed.
	MaxHops = 3
	// maxAnswer is more than a page of 100 files with their patches.
	maxAnswer = 64 << 20
	// Patience is how long all waiting together may last: a gate that waits for an
	// hour's limit to end holds up the job for nothing.
	Patience = 5 * time.Minute
	// oneAttempt is how long an answer may take.
	oneAttempt = time.Minute
	// secondary is how long to wait after a secondary limit that names no time
	// (https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api).
	secondary = time.Minute
)

// Dialect is how a forge speaks, where they differ.
type Dialect struct {
	// Forge is the forge's name.
	Forge string
	// Authorize puts the token into a request.
	Authorize func(header http.Header, token string)
	// Seen are the headers of a success that the client library is to see; others could
	// make it wait or refuse by a clock of its own.
	Seen []string
	// Said is what the body of an error says; empty for nothing. It need not be harmless.
	Said func(body []byte) string
	// Limited says whether an answer is a rate limit.
	Limited func(a *Answer, message string) bool
	// Remaining and Reset are the headers that say how many requests are left, and when
	// there are more, in seconds since 1970.
	Remaining, Reset string
}

// Transport is everything between a client library and the network. It follows
// redirects where nothing is lost by it, and gives either a success with the whole of
// its JSON or a *Fault.
type Transport struct {
	base    http.RoundTripper
	root    *url.URL
	token   string
	clock   Clock
	dialect Dialect

	mu   sync.Mutex
	left time.Duration
}

// New makes the transport of the API at root, an address that Root has given. base and
// clock may be nil.
func New(root *url.URL, token string, base http.RoundTripper, clock Clock, dialect Dialect) (*Transport, error) {
	if token == "" {
		return nil, fmt.Errorf("speaking to %s: there is no token", dialect.Forge)
	}
	if strings.ContainsAny(token, "\r\n\x00") {
		return nil, fmt.Errorf("speaking to %s: the token holds a line break", dialect.Forge)
	}
	if base == nil {
		base = &http.Transport{Proxy: http.ProxyFromEnvironment, TLSHandshakeTimeout: 10 * time.Second, ForceAttemptHTTP2: true}
	}
	if clock == nil {
		clock = realClock{}
	}
	return &Transport{base: base, root: root, token: token, clock: clock, dialect: dialect, left: Patience}, nil
}

// Client is an HTTP client that speaks through the transport, which follows what may be
// followed.
func (t *Transport) Client() *http.Client {
	return &http.Client{
		Transport:     t,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// Clock is the clock that the transport waits by.
func (t *Transport) Clock() Clock { return t.clock }

// Root checks the address of an API, which the variable of that name holds. A token goes
// over plain HTTP to this very machine only.
func Root(address, variable string) (*url.URL, error) {
	u, err := url.Parse(strings.TrimRight(address, "/") + "/")
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return nil, fmt.Errorf("reading %s: it is no address like https://HOST/PATH", variable)
	}
	if u.Scheme != "https" && (u.Scheme != "http" || !loopback(u.Hostname())) {
		return nil, fmt.Errorf("reading %s: %s://%s: the token is sent over https only", variable, u.Scheme, u.Host)
	}
	return u, nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

type repeatKey struct{}

// Repeatable marks requests that may be made twice though their method is POST, or
// may not though it is PATCH.
func Repeatable(ctx context.Context, may bool) context.Context {
	return context.WithValue(ctx, repeatKey{}, may)
}

func mayRepeat(req *http.Request) bool {
	if may, ok := req.Context().Value(repeatKey{}).(bool); ok {
		return may
	}
	return req.Method != http.MethodPost
}

// Answer is an HTTP answer, read to its end.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// RoundTrip implements http.RoundTripper.
func (t *Transport) RoundTrip(req *http.Request) (*http.Response, error) {
	var body []byte
	if req.Body != nil {
		var err error
		body, err = io.ReadAll(req.Body)
		req.Body.Close() //nolint:errcheck // a buffer
		if err != nil {
			return nil, fmt.Errorf("reading request: %w", err)
		}
	}
	for attempt := 1; ; attempt++ {
		a, fault := t.once(req, body)
		if fault == nil {
			return t.response(a, req), nil
		}
		if err := req.Context().Err(); err != nil {
			return nil, err
		}
		fault.Message = t.Hide(fault.Message)
		wait, again := t.wait(req, a, fault, attempt)
		if !again {
			return nil, fault
		}
		if err := t.Pause(req.Context(), wait); err != nil {
			return nil, fault
		}
	}
}

// Hide keeps the token out of messages, whoever repeats it.
func (t *Transport) Hide(s string) string {
	if t.token == "" {
		return s
	}
	return strings.ReplaceAll(s, t.token, "***")
}

// Told is a message of the forge's, without the token, made harmless and short. The token
// goes first: a message may be cut within it.
func (t *Transport) Told(s string) string { return Short(t.Hide(s)) }

// response is a success as the client library takes it: without a 202, which may be
// taken for an error, and without headers that it need not see.
func (t *Transport) response(a *Answer, req *http.Request) *http.Response {
	status := a.Status
	if status == http.StatusAccepted {
		status = http.StatusOK
	}
	header := http.Header{}
	for _, name := range t.dialect.Seen {
		if v := a.Header.Values(name); len(v) > 0 {
			header[name] = v
		}
	}
	return &http.Response{
		Status: http.StatusText(status), StatusCode: status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: header, Body: io.NopCloser(bytes.NewReader(a.Body)), ContentLength: int64(len(a.Body)), Request: req,
	}
}

// once makes a request and follows its redirects.
func (t *Transport) once(req *http.Request, body []byte) (*Answer, *Fault) {
	address := req.URL
	for range MaxHops + 1 {
		if address.Scheme != t.root.Scheme || address.Host != t.root.Host {
			return nil, &Fault{Kind: Moved, Message: "the token is sent to no other host than " + t.root.Host + ", and this leads to " + t.Told(address.Scheme+"://"+address.Host)}
		}
		a, fault := t.send(req, address, body)
		if fault != nil || a.Status < 300 {
			return a, fault
		}
		location := a.Header.Get("Location")
		if a.Status >= 400 || location == "" {
			return a, t.faultOf(a)
		}
		next, err := address.Parse(location)
		if err != nil {
			return a, &Fault{Kind: Moved, Status: a.Status, Message: "redirected to what is no address"}
		}
		kept := a.Status == http.StatusTemporaryRedirect || a.Status == http.StatusPermanentRedirect
		if !kept && req.Method != http.MethodGet {
			return a, &Fault{Kind: Moved, Status: a.Status, Message: "redirected, which would make a GET of a " + req.Method + " and lose it"}
		}
		address = next
	}
	return nil, &Fault{Kind: Moved, Message: "redirected too often"}
}

// send makes one request and reads its answer.
func (t *Transport) send(req *http.Request, address *url.URL, body []byte) (*Answer, *Fault) {
	ctx, cancel := context.WithTimeout(req.Context(), oneAttempt)
	defer cancel()
	out := req.Clone(ctx)
	out.URL, out.Host = address, ""
	out.Body, out.GetBody, out.ContentLength = nil, nil, 0
	if body != nil {
		out.Body, out.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	}
	t.dialect.Authorize(out.Header, t.token)
	resp, err := t.base.RoundTrip(out)
	if err != nil {
		return nil, &Fault{Kind: Broken, Message: t.Told(err.Error())}
	}
	defer resp.Body.Close() //nolint:errcheck // only read from
	data, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	a := &Answer{resp.StatusCode, resp.Header, data}
	switch {
	case resp.StatusCode >= 300: // half an error is one
		return a, nil
	case err != nil:
		return a, &Fault{Kind: Broken, Status: a.Status, Message: "the answer broke off: " + t.Told(err.Error())}
	case len(data) > maxAnswer:
		return a, &Fault{Kind: Invalid, Status: a.Status, Message: fmt.Sprintf("the answer is larger than %d MiB", maxAnswer>>20)}
	case len(bytes.TrimSpace(data)) == 0 && (a.Status == http.StatusNoContent || req.Method == http.MethodDelete):
		return a, nil
	case !json.Valid(data):
		return a, &Fault{Kind: Broken, Status: a.Status, Message: "the answer is no JSON, or half of it"}
	}
	return a, nil
}

// wait says whether to try again, and after how long.
func (t *Transport) wait(req *http.Request, a *Answer, fault *Fault, attempt int) (time.Duration, bool) {
	switch {
	case fault.Kind == Limited: // it was not done
		return t.limit(a, attempt), attempt < MaxAttempts
	case fault.Kind == Broken && mayRepeat(req):
		wait := backoff(attempt)
		if a != nil {
			wait = max(wait, t.retryAfter(a))
		}
		return wait, attempt < MaxAttempts
	}
	return 0, false
}

func backoff(attempt int) time.Duration { return time.Second << min(attempt-1, 6) }

// limit is how long a rate limit asks to wait.
func (t *Transport) limit(a *Answer, attempt int) time.Duration {
	if d := t.retryAfter(a); d > 0 {
		return d
	}
	if left := a.Header.Get(t.dialect.Remaining); left == "0" || left == "" {
		if reset, err := strconv.ParseInt(a.Header.Get(t.dialect.Reset), 10, 64); err == nil {
			// A second more, as the two clocks are not one.
			return max(time.Unix(reset, 0).Sub(t.clock.Now())+time.Second, time.Second)
		}
	}
	return secondary * time.Duration(attempt)
}

// retryAfter reads Retry-After, in seconds or as a date; 0 where there is none.
func (t *Transport) retryAfter(a *Answer) time.Duration {
	value := a.Header.Get("Retry-After")
	if seconds, err := strconv.Atoi(value); err == nil {
		return time.Duration(min(max(seconds, 1), 1<<20)) * time.Second
	}
	if date, err := http.ParseTime(value); err == nil {
		return max(date.Sub(t.clock.Now()), time.Second)
	}
	return 0
}

// Pause waits, unless all waiting together would last too long.
func (t *Transport) Pause(ctx context.Context, d time.Duration) error {
	t.mu.Lock()
	enough := d <= t.left
	if enough {
		t.left -= d
	}
	t.mu.Unlock()
	if !enough {
		return fmt.Errorf("waiting for %s: %s more is longer than boltseal waits", t.dialect.Forge, d)
	}
	return t.clock.Sleep(ctx, d)
}

// Once creates what must be there once. After a failure that leaves open whether it was
// done, found looks before it is tried again.
func (t *Transport) Once(ctx context.Context, create func() error, found func() (bool, error)) error {
	for attempt := 1; ; attempt++ {
		err := create()
		if KindOf(err) != Broken {
			return err
		}
		if t.Pause(ctx, backoff(attempt)) != nil {
			return err
		}
		there, lookErr := found()
		if lookErr != nil {
			return errors.Join(err, lookErr)
		}
		if there {
			return nil
		}
		if attempt == MaxAttempts {
			return err
		}
	}
}
