package image_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	ggcr "github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/boltseal/boltseal/internal/source/image"
)

// The credentials of these tests, which no message may hold.
const user, password, token = "robot", "pa55-w0rd-7", "t0ken-of-the-registry"

// fakeRegistry is a registry in this process that a test can break.
type fakeRegistry struct {
	host  string
	inner http.Handler

	mu sync.Mutex
	// answers stand before the registry's own, by what the path ends in.
	answers map[string]http.HandlerFunc
	// requests are "METHOD path", with what says who asks.
	requests []string
	waits    []time.Duration
}

func serve(t testing.TB) *fakeRegistry {
	t.Helper()
	f := &fakeRegistry{answers: make(map[string]http.HandlerFunc)}
	f.inner = ggcr.New(ggcr.Logger(slog.NewLogLogger(slog.DiscardHandler, slog.LevelInfo)))
	ctx, cancel := context.WithCancel(t.Context())
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f.mu.Lock()
		f.requests = append(f.requests, strings.TrimSpace(r.Method+" "+r.URL.Path+" "+r.Header.Get("Authorization")+r.Header.Get("Referer")))
		answer, longest := f.own(), -1
		for end, a := range f.answers {
			if strings.HasSuffix(r.URL.Path, end) && len(end) > longest {
				answer, longest = a, len(end)
			}
		}
		f.mu.Unlock()
		answer(w, r.WithContext(ctx)) // so that what hangs ends with the test
	}))
	t.Cleanup(server.Close)
	t.Cleanup(server.CloseClientConnections)
	t.Cleanup(cancel)
	f.host = strings.TrimPrefix(server.URL, "http://")
	return f
}

// own is the registry's own answer.
func (f *fakeRegistry) own() http.HandlerFunc { return f.inner.ServeHTTP }

// answer puts an answer before that of the registry.
func (f *fakeRegistry) answer(end string, h http.HandlerFunc) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.answers[end] = h
}

// asked counts the requests whose line holds a text, since the last push.
func (f *fakeRegistry) asked(text string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := 0
	for _, r := range f.requests {
		if strings.Contains(r, text) {
			n++
		}
	}
	return n
}

// push puts an image or an index under team/app:1, and gives its reference.
func (f *fakeRegistry) push(t testing.TB, what remote.Taggable) string {
	t.Helper()
	ref := f.host + "/team/app:1"
	parsed, err := name.ParseReference(ref)
	must(t, err)
	switch what := what.(type) {
	case v1.Image:
		must(t, remote.Write(parsed, what))
	case v1.ImageIndex:
		must(t, remote.WriteIndex(parsed, what))
	}
	f.mu.Lock()
	f.requests = nil
	f.mu.Unlock()
	return ref
}

// manifest has the registry answer with a document, whatever it says, and gives its
// digest.
func (f *fakeRegistry) manifest(kind string, doc []byte) string {
	digest := hashOf(doc).String()
	h := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", kind)
		w.Write(doc)
	}
	f.answer("/manifests/1", h)
	f.answer("/manifests/"+digest, h)
	return digest
}

// remote is how the tests reach it.
func (f *fakeRegistry) remote() image.Remote {
	return image.Impatient(image.Remote{}, time.Minute, func(d time.Duration) {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.waits = append(f.waits, d)
	})
}

// remoteOptions makes options of them.
func remoteOptions(r image.Remote) image.Options { return image.Options{Remote: r} }

// signedIn gives the same credentials to every registry.
type signedIn struct {
	authn.AuthConfig
	err  error
	hang <-chan struct{}
}

func (s signedIn) Resolve(authn.Resource) (authn.Authenticator, error) {
	if s.hang != nil {
		<-s.hang
	}
	if s.err != nil {
		return nil, s.err
	}
	return authn.FromConfig(s.AuthConfig), nil
}

var robot = signedIn{AuthConfig: authn.AuthConfig{Username: user, Password: password}}

// demandToken has the registry ask for a token, which it gives to the robot.
func (f *fakeRegistry) demandToken() {
	f.answer("/token", func(w http.ResponseWriter, r *http.Request) {
		if u, p, ok := r.BasicAuth(); !ok || u != user || p != password {
			w.WriteHeader(http.StatusUnauthorized)
			fmt.Fprintf(w, `{"errors":[{"code":"UNAUTHORIZED","message":"no access for %s with %s"}]}`, u, p)
			return
		}
		fmt.Fprintf(w, `{"token":%q}`, token)
	})
	f.guard("Bearer "+token, `Bearer realm="http://`+f.host+`/token",service="fake"`)
}

// demandBasic has it ask for name and password.
func (f *fakeRegistry) demandBasic() {
	f.guard("Basic "+base64.StdEncoding.EncodeToString([]byte(user+":"+password)), `Basic realm="fake"`)
}

// guard demands an authorization for what nothing else answers.
func (f *fakeRegistry) guard(want, challenge string) {
	open := f.answers[""]
	if open == nil {
		open = f.own()
	}
	f.answer("", func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != want {
			w.Header().Set("WWW-Authenticate", challenge)
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		open(w, r)
	})
}

// hang answers nothing until the test ends.
func hang(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }

// status answers with a status.
func status(code int, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(code)
		fmt.Fprintf(w, `{"errors":[{"code":"UNKNOWN","message":"%s is wrong"}]}`, password)
	}
}

// bytesOf answers with bytes, as a file server does.
func bytesOf(data []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(data))
	}
}

// cut says how long the answer is and breaks off before.
func cut(data []byte, at int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", fmt.Sprint(len(data)))
		w.Write(data[:at])
		panic(http.ErrAbortHandler)
	}
}

// inTurn answers one after the other, the last for ever.
func inTurn(answers ...http.HandlerFunc) http.HandlerFunc {
	var mu sync.Mutex
	n := 0
	return func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		a := answers[min(n, len(answers)-1)]
		n++
		mu.Unlock()
		a(w, r)
	}
}

// discreet wants an error without what nobody may read.
func discreet(t testing.TB, text string) {
	t.Helper()
	for _, secret := range []string{user, password, token, "sig="} {
		if strings.Contains(text, secret) {
			t.Errorf("%q holds %q", text, secret)
		}
	}
}

func mustParse(t testing.TB, s string) *url.URL {
	t.Helper()
	u, err := url.Parse(s)
	must(t, err)
	return u
}

func lastOf[T any](t testing.TB, all []T) T {
	t.Helper()
	if len(all) == 0 {
		t.Fatal("there is none")
	}
	return all[len(all)-1]
}

// through lets an answer be that of the registry after all.
type through struct {
	http.ResponseWriter
	own http.HandlerFunc
}

// Flush implements http.Flusher.
func (t *through) Flush() { t.ResponseWriter.(http.Flusher).Flush() }

// asItIs answers as the registry does.
func asItIs(w http.ResponseWriter, r *http.Request) { w.(*through).own(w, r) }

// withoutRange answers with everything, whatever is asked for.
func withoutRange(data []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.Write(data) }
}

// to leads elsewhere.
func to(address string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Location", address)
		w.WriteHeader(http.StatusTemporaryRedirect)
	}
}
