package github

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/boltseal/boltseal/internal/report"
)

// Kind says what a fault means for what was to be done.
type Kind string

// The kinds. After Broken nobody knows whether a request was done; after every
// other it was not.
const (
	Denied   Kind = "denied"    // the token may not: a fork's always, or permissions that are missing
	Missing  Kind = "missing"   // not there, or not for this token
	TooLarge Kind = "too large" // less of it may do
	Invalid  Kind = "invalid"   // GitHub does not take it as it is
	Limited  Kind = "limited"   // a rate limit that lasts longer than we wait
	Moved    Kind = "moved"     // a redirect that is not followed
	Broken   Kind = "broken"    // no answer, half of one, none of GitHub's, or a failure at GitHub
)

// Fault is an answer that is none. It never holds the token.
type Fault struct {
	Kind Kind
	// Status is the HTTP status, 0 where there was no answer.
	Status int
	// Message is one line, made harmless.
	Message string
}

func (f *Fault) Error() string {
	var parts []string
	if f.Status != 0 {
		parts = append(parts, fmt.Sprintf("status %d", f.Status))
	}
	if f.Message != "" {
		parts = append(parts, f.Message)
	}
	if len(parts) == 0 {
		return string(f.Kind)
	}
	return strings.Join(parts, ": ")
}

// kindOf is the kind of the fault in err, "" where there is none.
func kindOf(err error) Kind {
	if f, ok := errors.AsType[*Fault](err); ok {
		return f.Kind
	}
	return ""
}

// Degraded says whether err only means that the token may not, as that of a fork's
// job: what it could not show is shown elsewhere.
func Degraded(err error) bool { return kindOf(err) == Denied }

// doing says what was being done, without the address that the HTTP client adds.
func doing(what string, err error) error {
	if err == nil {
		return nil
	}
	if f, ok := errors.AsType[*Fault](err); ok {
		return fmt.Errorf("%s: %w", what, f)
	}
	for _, ended := range []error{context.Canceled, context.DeadlineExceeded} {
		if errors.Is(err, ended) {
			return fmt.Errorf("%s: %w", what, ended)
		}
	}
	return fmt.Errorf("%s: %w", what, err)
}

// maxMessage is how much of GitHub's words is repeated.
const maxMessage = 300

// apiError is what GitHub says of an error. Its errors are objects or strings.
type apiError struct {
	Message string            `json:"message"`
	Errors  []json.RawMessage `json:"errors"`
}

// said is what an answer says, on one line; empty for what is no JSON.
func said(body []byte) string {
	var e apiError
	if json.Unmarshal(body, &e) != nil {
		var bare struct {
			Message string `json:"message"`
		}
		if json.Unmarshal(body, &bare) != nil {
			return ""
		}
		e.Message = bare.Message
	}
	parts := []string{e.Message}
	for _, raw := range e.Errors[:min(len(e.Errors), 3)] {
		var text string
		var object struct {
			Message, Resource, Field, Code string
		}
		switch {
		case json.Unmarshal(raw, &text) == nil:
			parts = append(parts, text)
		case json.Unmarshal(raw, &object) == nil:
			parts = append(parts, strings.Join([]string{object.Resource, object.Field, object.Code, object.Message}, " "))
		}
	}
	line := strings.Join(strings.Fields(strings.Join(parts, "; ")), " ")
	return short(line)
}

func short(s string) string { return shortened(s, maxMessage) }

// shortened makes text harmless, and at most n runes and a mark long.
func shortened(s string, n int) string {
	runes := []rune(report.Plain(s))
	if len(runes) > n {
		return string(runes[:n]) + "…"
	}
	return string(runes)
}

// statuses are the kinds of the statuses that mean one thing always. 403 and 429
// are rate limits or not.
var statuses = map[int]Kind{
	http.StatusBadRequest:            Invalid,
	http.StatusUnauthorized:          Denied,
	http.StatusForbidden:             Denied,
	http.StatusNotFound:              Missing,
	http.StatusGone:                  Missing,
	http.StatusConflict:              Invalid,
	http.StatusRequestEntityTooLarge: TooLarge,
	http.StatusUnprocessableEntity:   Invalid,
	http.StatusRequestTimeout:        Broken,
}

// faultOf is what an answer other than a success means.
func faultOf(a *answer) *Fault {
	f := &Fault{Kind: statuses[a.status], Status: a.status, Message: said(a.body)}
	switch {
	case a.limited(f.Message):
		f.Kind = Limited
	case a.status >= 500:
		f.Kind = Broken
	case f.Kind == "":
		f.Kind = Invalid
	}
	if f.Message == "" {
		f.Message = http.StatusText(a.status)
	}
	return f
}

// limited says whether an answer is a rate limit, primary or secondary: by every
// sign that GitHub gives, as none is always there.
func (a *answer) limited(message string) bool {
	if a.status == http.StatusTooManyRequests {
		return true
	}
	if a.status != http.StatusForbidden {
		return false
	}
	message = strings.ToLower(message)
	has := func(words ...string) bool {
		return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(message, w) })
	}
	if has("not accessible", "must be enabled") {
		return false
	}
	return has("rate limit", "abuse detection") || a.header.Get("Retry-After") != "" || a.header.Get("X-RateLimit-Remaining") == "0"
}
