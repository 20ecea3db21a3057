package web

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Fault is an error in our own words: what a server or a library says can hold
// a token, or an address that is signed.
type Fault struct {
	Text string
	Is   error // what it is besides; nil for nothing
}

// Error implements error.
func (f *Fault) Error() string { return f.Text }

// Unwrap lets errors.Is look.
func (f *Fault) Unwrap() error { return f.Is }

// Faultf makes a Fault of a text.
func Faultf(format string, args ...any) error { return &Fault{Text: fmt.Sprintf(format, args...)} }

// Connection says what is wrong with a connection; empty where that is not what
// failed. insecureFlag is the flag that allows plain HTTP, empty where there is none.
func Connection(err error, insecureFlag string) string {
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
		if insecureFlag == "" {
			return "does not speak TLS"
		}
		return "does not speak TLS; plain HTTP is used when asked: " + insecureFlag
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

// maxShown is as much of a text of others as is shown.
const maxShown = 200

// shown is a text of others, printable and not too long.
func shown(text string) string {
	if len(text) > maxShown {
		return printable(text[:maxShown]) + "…"
	}
	return printable(text)
}

// printable writes what cannot be printed as it is in Go's way.
func printable(s string) string {
	var b strings.Builder
	for _, r := range s {
		if strconv.IsPrint(r) && r != utf8.RuneError {
			b.WriteRune(r)
			continue
		}
		quoted := strconv.QuoteRuneToASCII(r)
		b.WriteString(quoted[1 : len(quoted)-1])
	}
	return b.String()
}

// Told puts what went wrong with a host into our own words.
func Told(host string, err error) error {
	var f *Fault
	switch {
	case errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("%s: %w", printable(host), unaddressed(err))
	case errors.As(err, &f):
		if strings.HasPrefix(f.Text, printable(host)) {
			return f
		}
		return &Fault{Text: printable(host) + ": " + f.Text, Is: f.Is}
	}
	if text := Connection(err, ""); text != "" {
		return Faultf("%s: %s", printable(host), text)
	}
	return Faultf("%s gives no answer that can be read", printable(host))
}

// Body is the body of an answer whose errors are told, and still known to Passes.
func Body(body io.ReadCloser, host string) io.ReadCloser { return &toldBody{body, host} }

type toldBody struct {
	io.ReadCloser
	host string
}

// Read implements io.Reader.
func (b *toldBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = &brokenError{Told(b.host, err), err}
	}
	return n, err
}

// brokenError reads as one error and is another one.
type brokenError struct{ told, is error }

func (e *brokenError) Error() string { return e.told.Error() }

func (e *brokenError) Unwrap() error { return e.is }

// unaddressed takes the address off: it can hold a password.
func unaddressed(err error) error {
	if u := (*url.Error)(nil); errors.As(err, &u) {
		return u.Err
	}
	return err
}
