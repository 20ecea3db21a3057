// Package cloudtest has the servers of three clouds on this machine, for tests: whoever
// dials a name or a metadata server's address by it reaches them, and nobody else.
package cloudtest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
)

// Request is one that came in.
type Request struct {
	Method, Host, Path string
	Header             http.Header
	Query, Form        url.Values
}

// String is the line by which tests name a request.
func (r Request) String() string { return r.Method + " " + r.Host + r.Path }

// Fake are the servers. It is to be closed.
type Fake struct {
	// Registry answers behind the name of each cloud's registries whoever has signed in.
	Registry http.Handler
	// Now is the time at which signatures and assertions are checked; nil is the time of day.
	Now func() time.Time
	// Log gets the line of every request; nil is nobody.
	Log io.Writer

	authority    *authority
	secure, open *httptest.Server
	proxy        *httptest.Server
	closing      context.Context //nolint:containedctx // ends what hangs with the servers
	stop         context.CancelFunc

	mu       sync.Mutex
	answers  map[string]http.HandlerFunc
	requests []Request
	dialed   []string
}

// New starts the servers.
func New(registry http.Handler) (*Fake, error) {
	authority, err := newAuthority()
	if err != nil {
		return nil, err
	}
	f := &Fake{Registry: registry, authority: authority, answers: make(map[string]http.HandlerFunc)}
	f.closing, f.stop = context.WithCancel(context.Background())
	f.open = httptest.NewServer(f)
	f.secure = httptest.NewUnstartedServer(f)
	f.secure.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelInfo) // who hangs up
	f.secure.TLS = authority.config()
	f.secure.StartTLS()
	f.proxy = httptest.NewServer(http.HandlerFunc(f.tunnel))
	return f, nil
}

// Close ends the servers.
func (f *Fake) Close() {
	f.stop()
	for _, s := range []*httptest.Server{f.proxy, f.secure, f.open} {
		s.CloseClientConnections()
		s.Close()
	}
}

// Authorities is a file of the authority that has signed the servers' certificates.
func (f *Fake) Authorities() []byte { return f.authority.pem }

// Reach has a transport dial the servers whatever it is asked for.
func (f *Fake) Reach(t *http.Transport) {
	t.DialContext = f.dial
	t.TLSClientConfig = f.authority.trusting()
}

func (f *Fake) dial(ctx context.Context, _, address string) (net.Conn, error) {
	f.mu.Lock()
	f.dialed = append(f.dialed, address)
	f.mu.Unlock()
	server := f.open
	if strings.HasSuffix(address, ":443") {
		server = f.secure
	}
	return (&net.Dialer{}).DialContext(ctx, "tcp", server.Listener.Addr().String())
}

// Dialed are the addresses that were dialed, each once and sorted.
func (f *Fake) Dialed() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Compact(slices.Sorted(slices.Values(f.dialed)))
}

// Proxy is the address of a proxy behind which the servers are.
func (f *Fake) Proxy() string { return f.proxy.URL }

// tunnel is the proxy.
func (f *Fake) tunnel(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodConnect {
		to, _ := url.Parse(f.open.URL)
		(&httputil.ReverseProxy{Rewrite: func(p *httputil.ProxyRequest) {
			p.SetURL(to)
			p.Out.Host = r.Host
		}}).ServeHTTP(w, r)
		return
	}
	there, err := f.dial(r.Context(), "tcp", r.Host)
	if err != nil {
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	defer there.Close() //nolint:errcheck // a tunnel has nobody to tell
	w.WriteHeader(http.StatusOK)
	here, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	defer here.Close() //nolint:errcheck // a tunnel has nobody to tell
	var wg sync.WaitGroup
	wg.Go(func() {
		_, _ = io.Copy(there, buffered)
		there.Close() //nolint:errcheck // a tunnel has nobody to tell
	})
	_, _ = io.Copy(here, there)
	here.Close() //nolint:errcheck // a tunnel has nobody to tell
	wg.Wait()
}

// Answer has something else answer for what a host and path begin with, as
// "sts.us-east-1.amazonaws.com/"; the longest such beginning holds.
func (f *Fake) Answer(beginning string, h http.HandlerFunc) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.answers[beginning] = h
}

// Requests are what came in.
func (f *Fake) Requests() []Request {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.requests)
}

// Asked counts the requests whose line begins with a text.
func (f *Fake) Asked(beginning string) int {
	n := 0
	for _, r := range f.Requests() {
		if strings.HasPrefix(r.String(), beginning) {
			n++
		}
	}
	return n
}

const maxBody = 4 << 20

// ServeHTTP implements http.Handler.
func (f *Fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody))
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	r.Host = strings.TrimSuffix(r.Host, ":443")
	form, _ := url.ParseQuery(string(body))
	if !strings.Contains(r.Header.Get("Content-Type"), "form-urlencoded") {
		form = nil
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	r.PostForm, r.Form = form, form
	f.mu.Lock()
	request := Request{r.Method, r.Host, r.URL.Path, r.Header.Clone(), r.URL.Query(), maps.Clone(form)}
	f.requests = append(f.requests, request)
	if f.Log != nil {
		_, _ = fmt.Fprintln(f.Log, request)
	}
	answer, longest := f.own(r), -1
	for beginning, a := range f.answers {
		if strings.HasPrefix(r.Host+r.URL.Path, beginning) && len(beginning) > longest {
			answer, longest = a, len(beginning)
		}
	}
	f.mu.Unlock()
	ctx, cancel := context.WithCancel(r.Context())
	defer context.AfterFunc(f.closing, cancel)()
	answer(w, r.WithContext(ctx))
}

// own is who answers for a host.
func (f *Fake) own(r *http.Request) http.HandlerFunc {
	for _, s := range []struct {
		prefix, suffix string
		answer         http.HandlerFunc
	}{
		{"sts.", ".amazonaws.com", f.sts},
		{"sts.", ".amazonaws.com.cn", f.sts},
		{"api.ecr.", "", f.ecrAPI},
		{"ecr-fips.", "", f.ecrAPI},
		{"", "googleapis.com", f.googleAPI},
		{"", "gcr.io", f.bearer("/v2/token", "oauth2accesstoken", GoogleToken)},
		{"", "-docker.pkg.dev", f.bearer("/v2/token", "oauth2accesstoken", GoogleToken)},
		{"login.", "", f.entra},
		{"", ".azurecr.io", f.acr},
		{"", ".azurecr.cn", f.acr},
		{"", ".azurecr.us", f.acr},
		{"actions.example.com", "", f.actions},
		{"169.254.170.", "", f.container},
		{"169.254.169.254", "", f.metadata},
		{"", ".amazonaws.com", f.basic("AWS", ECRPassword)},
		{"", ".amazonaws.com.cn", f.basic("AWS", ECRPassword)},
	} {
		if strings.HasPrefix(r.Host, s.prefix) && strings.HasSuffix(r.Host, s.suffix) {
			return s.answer
		}
	}
	return http.NotFound
}

// basic lets whoever knows a name and a password to the registry.
func (f *Fake) basic(user, password string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if u, p, _ := r.BasicAuth(); u != user || p != password {
			w.Header().Set("WWW-Authenticate", fmt.Sprintf(`Basic realm="https://%s/",service="fake"`, r.Host))
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		f.Registry.ServeHTTP(w, r)
	}
}

// bearer lets whoever has a token to the registry, and gives one at a path for a name and a
// password.
func (f *Fake) bearer(path, user, password string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		u, p, _ := r.BasicAuth()
		switch {
		case r.URL.Path == path && u == user && p == password:
			answer(w, map[string]any{"token": RegistryToken})
		case r.URL.Path == path:
			refuse(w, http.StatusUnauthorized, map[string]any{"errors": []any{map[string]string{"code": "UNAUTHORIZED", "message": p + " is wrong"}}})
		case r.Header.Get("Authorization") != "Bearer "+RegistryToken:
			w.Header().Set("WWW-Authenticate", fmt.Sprintf(`Bearer realm="https://%s%s",service=%q`, r.Host, path, r.Host))
			w.WriteHeader(http.StatusUnauthorized)
		default:
			f.Registry.ServeHTTP(w, r)
		}
	}
}

func (f *Fake) now() time.Time {
	if f.Now == nil {
		return time.Now()
	}
	return f.Now()
}
