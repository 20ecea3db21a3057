package github

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
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
	// maxAttempts is how often a request is made that fails at GitHub's side.
	maxAttempts = 5
	maxHops     = 3
	// maxAnswer is more than a page of 100 files with their patches.
	maxAnswer = 64 << 20
	// patience is how long all waiting together may last: a gate that waits for an
	// hour's limit to end holds up the job for nothing.
	patience = 5 * time.Minute
	// oneAttempt is how long an answer may take.
	oneAttempt = time.Minute
	// secondary is how long to wait after a secondary limit that names no time
	// (https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api).
	secondary = time.Minute
)

// transport is everything between go-github and the network. It adds the token and
// sends it to one host only, follows redirects where nothing is lost by it, waits
// and tries again where that is right, and gives either a success with the whole of
// its JSON or a *Fault.
type transport struct {
	base  http.RoundTripper
	root  *url.URL
	token string
	clock Clock

	mu   sync.Mutex
	left time.Duration
}

type repeatKey struct{}

// repeatable marks requests that may be made twice though their method is POST, or
// may not though it is PATCH.
func repeatable(ctx context.Context, may bool) context.Context {
	return context.WithValue(ctx, repeatKey{}, may)
}

func mayRepeat(req *http.Request) bool {
	if may, ok := req.Context().Value(repeatKey{}).(bool); ok {
		return may
	}
	return req.Method != http.MethodPost
}

// answer is an HTTP answer, read to its end.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// RoundTrip implements http.RoundTripper.
func (t *transport) RoundTrip(req *http.Request) (*http.Response, error) {
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
			return a.response(req), nil
		}
		if err := req.Context().Err(); err != nil {
			return nil, err
		}
		fault.Message = t.hide(fault.Message)
		wait, again := t.wait(req, a, fault, attempt)
		if !again {
			return nil, fault
		}
		if err := t.pause(req.Context(), wait); err != nil {
			return nil, fault
		}
	}
}

// hide keeps the token out of messages, whoever repeats it.
func (t *transport) hide(s string) string {
	if t.token == "" {
		return s
	}
	return strings.ReplaceAll(s, t.token, "***")
}

// response is a success as go-github takes it. It sees no rate limits, or it would
// refuse the next request by a clock of its own, and no 202, which it takes for an
// error.
func (a *answer) response(req *http.Request) *http.Response {
	status := a.status
	if status == http.StatusAccepted {
		status = http.StatusOK
	}
	header := http.Header{}
	for _, name := range []string{"Content-Type", "Link"} {
		if v := a.header.Values(name); len(v) > 0 {
			header[name] = v
		}
	}
	return &http.Response{
		Status: http.StatusText(status), StatusCode: status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: header, Body: io.NopCloser(bytes.NewReader(a.body)), ContentLength: int64(len(a.body)), Request: req,
	}
}

// once makes a request and follows its redirects.
func (t *transport) once(req *http.Request, body []byte) (*answer, *Fault) {
	address := req.URL
	for range maxHops + 1 {
		if address.Scheme != t.root.Scheme || address.Host != t.root.Host {
			return nil, &Fault{Kind: Moved, Message: "the token is sent to no other host than " + t.root.Host + ", and this leads to " + short(address.Scheme+"://"+address.Host)}
		}
		a, fault := t.send(req, address, body)
		if fault != nil || a.status < 300 {
			return a, fault
		}
		location := a.header.Get("Location")
		if a.status >= 400 || location == "" {
			return a, faultOf(a)
		}
		next, err := address.Parse(location)
		if err != nil {
			return a, &Fault{Kind: Moved, Status: a.status, Message: "redirected to what is no address"}
		}
		kept := a.status == http.StatusTemporaryRedirect || a.status == http.StatusPermanentRedirect
		if !kept && req.Method != http.MethodGet {
			return a, &Fault{Kind: Moved, Status: a.status, Message: "redirected, which would make a GET of a " + req.Method + " and lose it"}
		}
		address = next
	}
	return nil, &Fault{Kind: Moved, Message: "redirected too often"}
}

// send makes one request and reads its answer.
func (t *transport) send(req *http.Request, address *url.URL, body []byte) (*answer, *Fault) {
	ctx, cancel := context.WithTimeout(req.Context(), oneAttempt)
	defer cancel()
	out := req.Clone(ctx)
	out.URL, out.Host = address, ""
	out.Body, out.GetBody, out.ContentLength = nil, nil, 0
	if body != nil {
		out.Body, out.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	}
	out.Header.Set("Authorization", "Bearer "+t.token)
	resp, err := t.base.RoundTrip(out)
	if err != nil {
		return nil, &Fault{Kind: Broken, Message: short(err.Error())}
	}
	defer resp.Body.Close() //nolint:errcheck // only read from
	data, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	a := &answer{resp.StatusCode, resp.Header, data}
	switch {
	case resp.StatusCode >= 300: // half an error is one
		return a, nil
	case err != nil:
		return a, &Fault{Kind: Broken, Status: a.status, Message: "the answer broke off: " + short(err.Error())}
	case len(data) > maxAnswer:
		return a, &Fault{Kind: Invalid, Status: a.status, Message: fmt.Sprintf("the answer is larger than %d MiB", maxAnswer>>20)}
	case len(bytes.TrimSpace(data)) == 0 && (a.status == http.StatusNoContent || req.Method == http.MethodDelete):
		return a, nil
	case !json.Valid(data):
		return a, &Fault{Kind: Broken, Status: a.status, Message: "the answer is no JSON, or half of it"}
	}
	return a, nil
}

// wait says whether to try again, and after how long.
func (t *transport) wait(req *http.Request, a *answer, fault *Fault, attempt int) (time.Duration, bool) {
	switch {
	case fault.Kind == Limited: // it was not done
		return t.limit(a, attempt), attempt < maxAttempts
	case fault.Kind == Broken && mayRepeat(req):
		wait := backoff(attempt)
		if a != nil {
			wait = max(wait, t.retryAfter(a))
		}
		return wait, attempt < maxAttempts
	}
	return 0, false
}

func backoff(attempt int) time.Duration { return time.Second << min(attempt-1, 6) }

// limit is how long a rate limit asks to wait.
func (t *transport) limit(a *answer, attempt int) time.Duration {
	if d := t.retryAfter(a); d > 0 {
		return d
	}
	if a.header.Get("X-RateLimit-Remaining") == "0" {
		if reset, err := strconv.ParseInt(a.header.Get("X-RateLimit-Reset"), 10, 64); err == nil {
			// A second more, as the two clocks are not one.
			return max(time.Unix(reset, 0).Sub(t.clock.Now())+time.Second, time.Second)
		}
	}
	return secondary * time.Duration(attempt)
}

// retryAfter reads Retry-After, in seconds or as a date; 0 where there is none.
func (t *transport) retryAfter(a *answer) time.Duration {
	value := a.header.Get("Retry-After")
	if seconds, err := strconv.Atoi(value); err == nil {
		return time.Duration(min(max(seconds, 1), 1<<20)) * time.Second
	}
	if date, err := http.ParseTime(value); err == nil {
		return max(date.Sub(t.clock.Now()), time.Second)
	}
	return 0
}

// pause waits, unless all waiting together would last too long.
func (t *transport) pause(ctx context.Context, d time.Duration) error {
	t.mu.Lock()
	enough := d <= t.left
	if enough {
		t.left -= d
	}
	t.mu.Unlock()
	if !enough {
		return fmt.Errorf("waiting for GitHub: %s more is longer than boltseal waits", d)
	}
	return t.clock.Sleep(ctx, d)
}
