package image

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

// told puts an error into our own words: those of others can hold a token or
// a signed address.
func (e *endpoint) told(err error) error {
	var f *fault
	var status *transport.Error
	switch {
	case errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("%s: %w", e.host(), unaddressed(err))
	case errors.As(err, &f):
		return &fault{e.prefixed(f.text), f.is}
	case errors.As(err, &status):
		return e.refused(status)
	}
	if text := connection(err); text != "" {
		return &fault{e.prefixed(text), nil}
	}
	return faultf("%s gives no answer that a registry gives", e.host())
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

// connection says what is wrong with a connection.
func connection(err error) string {
	var dns *net.DNSError
	var certificate *tls.CertificateVerificationError
	var notTLS tls.RecordHeaderError
	var op *net.OpError
	switch {
	case errors.As(err, &dns) && dns.IsNotFound:
		return "there is no such host"
	case errors.As(err, &dns):
		return "its address cannot be looked up"
	case errors.As(err, &certificate):
		return "its certificate is not trusted: " + certificateText(certificate.Err)
	case errors.As(err, &op):
		return fmt.Sprintf("%s: %v", op.Op, innermost(op.Err))
	case errors.As(err, &notTLS):
		return "does not speak TLS; plain HTTP is used when asked: --insecure-registry"
	case errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF):
		return "the connection broke off"
	}
	return ""
}

func certificateText(err error) string {
	if unknown := (x509.UnknownAuthorityError{}); errors.As(err, &unknown) {
		return "signed by an unknown authority; SSL_CERT_FILE names a file of those to trust"
	}
	return shown(err.Error())
}

// innermost is the reason under all that wraps it.
func innermost(err error) error {
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return err
		}
		err = inner
	}
}

// refused says what a status means. Of the answer only the codes of the standard
// are repeated.
// https://github.com/opencontainers/distribution-spec/blob/main/spec.md#error-codes
func (e *endpoint) refused(status *transport.Error) error {
	what := fmt.Sprintf("%d %s", status.StatusCode, http.StatusText(status.StatusCode))
	known := func(d transport.Diagnostic) bool { return slices.Contains(knownCodes, d.Code) }
	if n := slices.IndexFunc(status.Errors, known); n >= 0 {
		what += ", " + string(status.Errors[n].Code)
	}
	switch status.StatusCode {
	case http.StatusUnauthorized, http.StatusForbidden:
		if e.signed {
			return faultf("%s refuses the credentials for it (%s): use docker login %s again, with an account that may pull %s", e.host(), what, e.host(), e.repo.RepositoryStr())
		}
		return faultf("%s wants credentials, or has no %s (%s): use docker login %s", e.host(), e.repo.RepositoryStr(), what, e.host())
	case http.StatusNotFound:
		return &fault{fmt.Sprintf("%s does not have it (%s)", e.host(), what), fs.ErrNotExist}
	}
	return faultf("%s answers %s", e.host(), what)
}

var knownCodes = []transport.ErrorCode{
	transport.BlobUnknownErrorCode, transport.DeniedErrorCode, transport.DigestInvalidErrorCode,
	transport.ManifestBlobUnknownErrorCode, transport.ManifestInvalidErrorCode, transport.ManifestUnknownErrorCode,
	transport.NameInvalidErrorCode, transport.NameUnknownErrorCode, transport.TagInvalidErrorCode,
	transport.TooManyRequestsErrorCode, transport.UnauthorizedErrorCode, transport.UnavailableErrorCode,
	transport.UnsupportedErrorCode,
}
