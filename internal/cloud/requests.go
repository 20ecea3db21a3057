package cloud

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/boltseal/boltseal/internal/web"
)

func faultf(format string, args ...any) error { return web.Faultf(format, args...) }

// at says at which step something went wrong.
func at(step string, err error) error {
	if f, ok := errors.AsType[*web.Fault](err); ok {
		return &web.Fault{Text: step + ": " + f.Text, Is: err}
	}
	return fmt.Errorf("%s: %w", step, err)
}

// unread says why a file cannot be read, without its name.
func unread(err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return &web.Fault{Text: "is not there", Is: fs.ErrNotExist}
	case errors.Is(err, fs.ErrPermission):
		return faultf("may not be read")
	}
	return faultf("cannot be read")
}

// readUpTo reads all, and refuses more than a bound.
func readUpTo(r io.Reader, most int64) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, most+1))
	if err != nil {
		if _, ok := errors.AsType[*web.Fault](err); ok || web.Passes(err) || errors.Is(err, context.Canceled) {
			return nil, err
		}
		return nil, unread(err)
	}
	if int64(len(data)) > most {
		return nil, faultf("has more than %d bytes", most)
	}
	return data, nil
}

// nearby are the hosts that give a machine its identity over plain HTTP, and that no proxy
// is asked for: the metadata servers, and what answers for containers on ECS and EKS.
var nearby = sync.OnceValue(func() []string {
	return []string{metadataHost, "[fd00:ec2::254]", ecsHost, eksHost, "[fd00:ec2::23]"}
})

// The addresses are the clouds' own and the same everywhere.
const (
	metadataHost = "169.254.169.254" // of all three clouds
	ecsHost      = "169.254.170.2"
	eksHost      = "169.254.170.23"
)

const (
	metadataLimit = 2 * time.Second  // for all that a metadata server is asked
	nearbyStall   = 10 * time.Second // of what answers for a container, which may ask others
	maxAnswer     = 1 << 20
)

// requests are two ways to ask: others' servers as all of this program does, and those
// that are part of the machine.
type requests struct {
	far, near http.RoundTripper
	bases     []*http.Transport // under them, for tests
	wait      func(context.Context, time.Duration) error
}

func newRequests(proxy func(*url.URL) (*url.URL, error)) *requests {
	far := web.Options{Proxy: proxy}
	near := web.Options{Stall: nearbyStall, Insecure: nearby()}
	r := &requests{bases: []*http.Transport{far.Transport(), near.Transport()}, wait: web.Pause}
	wait := func(ctx context.Context, d time.Duration) error { return r.wait(ctx, d) }
	far.Wait, near.Wait = wait, wait
	r.far = &checked{far.RoundTripper(r.bases[0])}
	r.near = &checked{near.RoundTripper(r.bases[1])}
	return r
}

// RoundTrip implements http.RoundTripper: it chooses the way.
func (r *requests) RoundTrip(req *http.Request) (*http.Response, error) {
	if slices.Contains(nearby(), req.URL.Host) || web.IsLoopback(req.URL.Hostname()) {
		return r.near.RoundTrip(req)
	}
	return r.far.RoundTrip(req)
}

// ask sends a request and gives the answer's body, with the errors of checked.
func (r *requests) ask(ctx context.Context, method, address string, header http.Header, body []byte) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(body))
	if err != nil {
		return nil, faultf("no address can be made of what is set")
	}
	maps.Copy(req.Header, header)
	return r.send(req)
}

func (r *requests) send(req *http.Request) ([]byte, error) {
	resp, err := r.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close() //nolint:errcheck // only read from
	return readUpTo(resp.Body, maxAnswer)
}

// form sends a form.
func (r *requests) form(ctx context.Context, address string, values url.Values) ([]byte, error) {
	header := http.Header{"Content-Type": {"application/x-www-form-urlencoded"}, "Accept": {"application/json"}}
	return r.ask(ctx, http.MethodPost, address, header, []byte(values.Encode()))
}

// checked gives answers whole, and everything else as an error in our own words that names
// the host: what is not a plain yes, leads elsewhere, is a web page or is too long.
type checked struct{ inner http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (c *checked) RoundTrip(req *http.Request) (*http.Response, error) {
	host := req.URL.Hostname()
	resp, err := c.inner.RoundTrip(req)
	if err != nil {
		if cause := context.Cause(req.Context()); cause != nil {
			err = cause
		}
		return nil, web.Told(host, err)
	}
	defer resp.Body.Close() //nolint:errcheck // only read from
	data, err := readUpTo(resp.Body, maxAnswer)
	if err == nil {
		err = acceptable(resp, data)
	}
	if err != nil {
		return nil, web.Told(host, err)
	}
	resp.Body = io.NopCloser(bytes.NewReader(data))
	return resp, nil
}

// statusError is a status that is no success.
type statusError int

// Error implements error.
func (s statusError) Error() string {
	return fmt.Sprintf("answers %d %s", int(s), http.StatusText(int(s)))
}

func acceptable(resp *http.Response, data []byte) error {
	status := statusError(resp.StatusCode)
	kind, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	switch {
	case status/100 == 3:
		return &web.Fault{Text: status.Error() + " and leads elsewhere, where no credentials are sent", Is: status}
	case status/100 != 2:
		text := status.Error()
		if why := reason(data, resp.Header); why != "" {
			text += " (" + why + ")"
		}
		return &web.Fault{Text: text, Is: status}
	case kind == "text/html" || kind == "application/xhtml+xml":
		return faultf("answers with a web page: does a proxy or a sign-in page stand before it?")
	}
	return nil
}

// refusal says whether a server has said no, with one of these statuses.
func refusal(err error, statuses ...int) bool {
	s, ok := errors.AsType[statusError](err)
	return ok && slices.Contains(statuses, int(s))
}

// reason finds the code in an answer that says no. Only codes that are known are
// repeated: what else a server says can hold what it was sent.
func reason(data []byte, header http.Header) string {
	var doc struct {
		Error      json.RawMessage         `json:"error"`
		ErrorCodes []int                   `json:"error_codes"` // of Azure's sign-in
		Type       string                  `json:"__type"`      // of Amazon
		Code       string                  `json:"code"`
		Errors     []struct{ Code string } // of registries
	}
	var page struct {
		Error struct{ Code string } // of Amazon's STS
	}
	var all []string
	if json.Unmarshal(data, &doc) == nil {
		var word string
		var google struct{ Status string }
		_ = json.Unmarshal(doc.Error, &word)   // it is the one
		_ = json.Unmarshal(doc.Error, &google) // or the other
		all = append(all, word, google.Status, doc.Type, doc.Code)
		for _, e := range doc.Errors {
			all = append(all, e.Code)
		}
	} else if xml.Unmarshal(data, &page) == nil {
		all = append(all, page.Error.Code)
	}
	all = append(all, header.Get("X-Amzn-Errortype"))
	for _, code := range all {
		if m := lastWord().FindStringSubmatch(code); m != nil && slices.Contains(knownReasons(), m[1]) {
			return m[1] + numbered(doc.ErrorCodes)
		}
	}
	return ""
}

// lastWord is the code in what Amazon writes as NAMESPACE#CODE or CODE:ADDRESS.
var lastWord = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^(?:[A-Za-z0-9.]{1,100}#)?([A-Za-z_]{3,60})(?::|$)`)
})

// numbered adds the number by which Azure's errors are looked up.
func numbered(codes []int) string {
	if len(codes) == 0 || codes[0] <= 0 {
		return ""
	}
	return ", AADSTS" + strconv.Itoa(codes[0])
}

// knownReasons are the codes of errors of OAuth, of the clouds and of registries.
var knownReasons = sync.OnceValue(func() []string {
	return []string{
		// https://www.rfc-editor.org/rfc/rfc6749#section-5.2, and of token exchange
		"invalid_request", "invalid_client", "invalid_grant", "unauthorized_client", "unsupported_grant_type",
		"invalid_scope", "invalid_target", "access_denied", "invalid_resource", "interaction_required",
		"temporarily_unavailable", "server_error", "identity_not_found",
		// Amazon
		"ExpiredToken", "ExpiredTokenException", "InvalidIdentityToken", "IDPRejectedClaim", "IDPCommunicationError",
		"RegionDisabledException", "AccessDenied", "AccessDeniedException", "UnrecognizedClientException",
		"InvalidClientTokenId", "InvalidSignatureException", "SignatureDoesNotMatch", "IncompleteSignature",
		"MissingAuthenticationToken", "MissingAuthenticationTokenException", "OptInRequired", "RequestExpired",
		"Throttling", "ThrottlingException", "ValidationError", "InvalidParameterException", "ServerException",
		// Google
		"PERMISSION_DENIED", "UNAUTHENTICATED", "NOT_FOUND", "INVALID_ARGUMENT", "FAILED_PRECONDITION", "UNAVAILABLE",
		// registries
		"UNAUTHORIZED", "DENIED", "TOOMANYREQUESTS",
	}
})

// document reads an answer in JSON. What is wrong with it is not repeated.
func document(data []byte, into any) error {
	if err := json.Unmarshal(data, into); err != nil {
		return faultf("its answer cannot be read")
	}
	return nil
}
