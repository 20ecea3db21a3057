package wire

import (
	"context"
	"errors"
	"fmt"
	"net/http"
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
	Invalid  Kind = "invalid"   // the forge does not take it as it is
	Limited  Kind = "limited"   // a rate limit that lasts longer than we wait
	Moved    Kind = "moved"     // a redirect that is not followed
	Broken   Kind = "broken"    // no answer, half of one, none of the forge's, or a failure on its side
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

// KindOf is the kind of the fault in err, "" where there is none.
func KindOf(err error) Kind {
	if f, ok := errors.AsType[*Fault](err); ok {
		return f.Kind
	}
	return ""
}

// Degraded says whether err only means that the token may not, as that of a fork's
// job: what it could not show is shown elsewhere.
func Degraded(err error) bool { return KindOf(err) == Denied }

// Doing says what was being done, without the address that the HTTP client adds.
func Doing(what string, err error) error {
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

// maxMessage is how much of a forge's words is repeated.
const maxMessage = 300

// Short is a message of somebody else's, made harmless and short.
func Short(s string) string { return Shortened(s, maxMessage) }

// Shortened makes text harmless, and at most n runes and a mark long.
func Shortened(s string, n int) string {
	runes := []rune(report.Plain(s))
	if len(runes) > n {
		return string(runes[:n]) + "…"
	}
	return string(runes)
}

// statuses are the kinds of the statuses. 403 and 429 may be rate limits as well.
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
func (t *Transport) faultOf(a *Answer) *Fault {
	f := &Fault{Kind: statuses[a.Status], Status: a.Status, Message: t.Told(t.dialect.Said(a.Body))}
	switch {
	case t.dialect.Limited(a, f.Message):
		f.Kind = Limited
	case a.Status >= 500:
		f.Kind = Broken
	case f.Kind == "":
		f.Kind = Invalid
	}
	if f.Message == "" {
		f.Message = http.StatusText(a.Status)
	}
	return f
}
