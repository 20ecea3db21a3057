package image

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/google/go-containerregistry/pkg/v1/remote/transport"

	"github.com/boltseal/boltseal/internal/web"
)

// told puts an error into our own words: those of others can hold a token or
// a signed address.
func (e *endpoint) told(err error) error {
	var f *fault
	switch {
	case errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("%s: %w", e.host(), unaddressed(err))
	case errors.As(err, &f):
		return &fault{Text: e.prefixed(f.Text), Is: f.Is}
	}
	if text := web.Connection(err, insecureFlag); text != "" {
		return &fault{Text: e.prefixed(text)}
	}
	return faultf("%s gives no answer that a registry gives", e.host())
}

// answered does so with what came of a request.
func (e *endpoint) answered(err error, s session) error {
	if status := (*transport.Error)(nil); errors.As(err, &status) {
		return e.refused(status, s)
	}
	return e.told(err)
}

func (e *endpoint) prefixed(text string) string {
	if strings.HasPrefix(text, e.host()) {
		return text
	}
	return e.host() + ": " + text
}

// unaddressed takes the address off.
func unaddressed(err error) error {
	if u := (*url.Error)(nil); errors.As(err, &u) {
		return u.Err
	}
	return err
}

// refused says what a status means. Of the answer only the codes of the standard
// are repeated.
// https://github.com/opencontainers/distribution-spec/blob/main/spec.md#error-codes
func (e *endpoint) refused(status *transport.Error, s session) error {
	what := fmt.Sprintf("%d %s", status.StatusCode, http.StatusText(status.StatusCode))
	known := func(d transport.Diagnostic) bool { return slices.Contains(knownCodes, d.Code) }
	if n := slices.IndexFunc(status.Errors, known); n >= 0 {
		what += ", " + string(status.Errors[n].Code)
	}
	switch status.StatusCode {
	case http.StatusUnauthorized, http.StatusForbidden:
		return e.unwelcome(what, s)
	case http.StatusNotFound:
		return &fault{Text: fmt.Sprintf("%s does not have it (%s)", e.host(), what), Is: fs.ErrNotExist}
	}
	f := &fault{Text: fmt.Sprintf("%s answers %s", e.host(), what)}
	if unsupported(status.StatusCode) {
		f.Is = errUnsupported
	}
	return f
}

// unwelcome says who is refused.
func (e *endpoint) unwelcome(what string, s session) error {
	repo := e.repo.RepositoryStr()
	switch {
	case s.own:
		return &fault{Is: errRefused, Text: fmt.Sprintf("%s refuses %s (%s): has it no %s, or may this identity not pull it?", e.host(), s.of, what, repo)}
	case s.signed:
		return &fault{Is: errRefused, Text: fmt.Sprintf("%s refuses the credentials for it (%s): use docker login %s again, with an account that may pull %s", e.host(), what, e.host(), repo)}
	case s.refusal != nil:
		return s.refusal
	case s.of != "":
		return faultf("%s wants credentials, or has no %s (%s): %s; give an identity that may pull it, or use docker login %s", e.host(), repo, what, s.of, e.host())
	}
	return faultf("%s wants credentials, or has no %s (%s): use docker login %s", e.host(), repo, what, e.host())
}

// errRefused says that credentials were refused.
var errRefused = errors.New("credentials refused")

var knownCodes = []transport.ErrorCode{
	transport.BlobUnknownErrorCode, transport.DeniedErrorCode, transport.DigestInvalidErrorCode,
	transport.ManifestBlobUnknownErrorCode, transport.ManifestInvalidErrorCode, transport.ManifestUnknownErrorCode,
	transport.NameInvalidErrorCode, transport.NameUnknownErrorCode, transport.TagInvalidErrorCode,
	transport.TooManyRequestsErrorCode, transport.UnauthorizedErrorCode, transport.UnavailableErrorCode,
	transport.UnsupportedErrorCode,
}
