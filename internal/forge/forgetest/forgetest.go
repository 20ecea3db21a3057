// Package forgetest is what the fakes of all forges have in common: a clock that does not
// wait, what can go wrong with a call, and a description to hold requests against.
package forgetest

import (
	"context"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"time"
)

// Clock does not wait. It remembers how long it would have.
type Clock struct {
	mu    sync.Mutex
	now   time.Time
	slept []time.Duration
}

// NewClock gives a clock that stands on a day of its own.
func NewClock() *Clock { return &Clock{now: time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)} }

// Now implements wire.Clock.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Sleep implements wire.Clock.
func (c *Clock) Sleep(ctx context.Context, d time.Duration) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
	c.slept = append(c.slept, d)
	return ctx.Err()
}

// Slept are the times that it would have waited.
func (c *Clock) Slept() []time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.slept
}

// Answer answers a call; done holds what the answer would have been where it was done.
type Answer func(w http.ResponseWriter, r *http.Request, done *httptest.ResponseRecorder)

// Trouble is what happens to one call instead of, or after, what should.
type Trouble struct {
	Name string
	// Done says that the call is done all the same.
	Done bool
	// Passing says that a later call of the same kind is well.
	Passing bool
	Answer  Answer
}

// Passing is a trouble of a call that is not done, after which all is well.
func Passing(name string, a Answer) Trouble { return Trouble{Name: name, Passing: true, Answer: a} }

// Lasting is a trouble of a call that is refused.
func Lasting(name string, a Answer) Trouble { return Trouble{Name: name, Answer: a} }

// HTMLError is what a proxy says in a forge's place.
const HTMLError = "<html><head><title>Unicorn!</title></head></html>"

// Says answers with a status, a body, and headers as names and values in turn.
func Says(status int, body string, header ...string) Answer {
	return func(w http.ResponseWriter, _ *http.Request, _ *httptest.ResponseRecorder) {
		w.Header().Set("Content-Type", "application/json")
		for i := 0; i < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

func halved(w http.ResponseWriter, _ *http.Request, done *httptest.ResponseRecorder) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusOK)
	body := done.Body.Bytes()
	_, _ = w.Write(body[:len(body)/2])
}

// Nulls stand at the end of every list of an answer, and in front of what is a list itself.
func Nulls() *Trouble {
	return &Trouble{Name: "nulls in lists", Done: true, Answer: func(w http.ResponseWriter, _ *http.Request, done *httptest.ResponseRecorder) {
		maps.Copy(w.Header(), done.Header())
		w.WriteHeader(done.Code)
		var answer any
		if json.Unmarshal(done.Body.Bytes(), &answer) != nil {
			return // it has no body
		}
		answer = withNulls(answer)
		if list, ok := answer.([]any); ok {
			answer = append([]any{nil}, list...)
		}
		_ = json.NewEncoder(w).Encode(answer)
	}}
}

func withNulls(v any) any {
	switch v := v.(type) {
	case []any:
		for i := range v {
			v[i] = withNulls(v[i])
		}
		return append(v, nil)
	case map[string]any:
		for name, one := range v {
			v[name] = withNulls(one)
		}
	}
	return v
}

func cutOff(w http.ResponseWriter, _ *http.Request, _ *httptest.ResponseRecorder) {
	if hijacker, ok := w.(http.Hijacker); ok {
		if conn, _, err := hijacker.Hijack(); err == nil {
			_ = conn.Close()
		}
	}
}

// Troubles are what can go wrong on any forge.
func Troubles() []Trouble {
	return []Trouble{
		{"502 with HTML, not done", false, true, Says(502, HTMLError, "Content-Type", "text/html")},
		{"502 with HTML, done", true, true, Says(502, HTMLError, "Content-Type", "text/html")},
		{"500, done", true, true, Says(500, `{"message":"Server Error"}`)},
		{"503 with Retry-After", false, true, Says(503, `{"message":"busy"}`, "Retry-After", "2")},
		{"no answer, not done", false, true, cutOff},
		{"no answer, done", true, true, cutOff},
		{"half an answer, done", true, true, halved},
		{"200 with HTML, not done", false, true, Says(200, HTMLError)},
		{"401", false, false, Says(401, `{"message":"Bad credentials"}`)},
		{"404", false, false, Says(404, `{"message":"Not Found"}`)},
		{"413 with HTML", false, false, Says(413, HTMLError)},
		{"301 to another name", false, false, func(w http.ResponseWriter, r *http.Request, _ *httptest.ResponseRecorder) {
			w.Header().Set("Location", "/moved"+r.URL.Path)
			w.WriteHeader(http.StatusMovedPermanently)
		}},
		{"307 to the same", false, true, func(w http.ResponseWriter, r *http.Request, _ *httptest.ResponseRecorder) {
			w.Header().Set("Location", r.URL.RequestURI())
			w.WriteHeader(http.StatusTemporaryRedirect)
		}},
	}
}

// Page is what a call asks for of a list, in pages of so many where it does not say, and
// the number of the next page; 0 for none.
func Page(r *http.Request, all []Object, size int) (some []Object, next int) {
	q := r.URL.Query()
	if n, err := strconv.Atoi(q.Get("per_page")); err == nil {
		size = min(n, 100)
	}
	page := 1
	if n, err := strconv.Atoi(q.Get("page")); err == nil {
		page = n
	}
	from, to := min((page-1)*size, len(all)), min(page*size, len(all))
	if to < len(all) {
		next = page + 1
	}
	return append([]Object{}, all[from:to]...), next
}
