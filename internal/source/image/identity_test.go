package image_test

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	ggcr "github.com/google/go-containerregistry/pkg/registry"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/boltseal/boltseal/internal/cloud"
	"github.com/boltseal/boltseal/internal/cloud/cloudtest"
	"github.com/boltseal/boltseal/internal/source/image"
	"github.com/boltseal/boltseal/internal/web"
)

// identities are a machine's, which remember for whom they were asked.
type identities struct {
	login *authn.AuthConfig
	err   error

	mu    sync.Mutex
	hosts []string
}

const ofTest = "the identity of Test from a file"

// Credentials implements image.Identities.
func (i *identities) Credentials(_ context.Context, host string) (cloud.Answer, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.hosts = append(i.hosts, host)
	answer := cloud.Answer{Login: i.login, Of: ofTest}
	if i.login == nil {
		answer.Of = "no identity of Test is in a file"
	}
	return answer, i.err
}

// asked are the hosts, each once and sorted.
func (i *identities) asked() []string {
	i.mu.Lock()
	defer i.mu.Unlock()
	return slices.Compact(slices.Sorted(slices.Values(i.hosts)))
}

// clouds are fake ones with the sample in their registries, as team/app:1.
func clouds(t *testing.T) *cloudtest.Fake {
	t.Helper()
	registry := ggcr.New(ggcr.Logger(slog.NewLogLogger(slog.DiscardHandler, slog.LevelInfo)))
	fake, err := cloudtest.New(registry)
	must(t, err)
	t.Cleanup(fake.Close)
	fake.Answer("push.example.com/", registry.ServeHTTP)
	ref, err := name.ParseReference("push.example.com/team/app:1")
	must(t, err)
	transport := (image.Remote{}).Transport()
	fake.Reach(transport)
	must(t, remote.Write(ref, sample(t), remote.WithTransport(transport)))
	t.Cleanup(transport.CloseIdleConnections)
	return fake
}

// public has what a host's paths begin with open to everybody, and whoever signs in
// refused.
func public(f *cloudtest.Fake, host string) {
	f.Answer(host+"/v2/", func(w http.ResponseWriter, r *http.Request) {
		switch r.Header.Get("Authorization") {
		case "":
			w.Header().Set("WWW-Authenticate", `Bearer realm="https://`+host+`/v2/token"`)
			w.WriteHeader(http.StatusUnauthorized)
		case "Bearer everybody":
			f.Registry.ServeHTTP(w, r)
		default:
			w.WriteHeader(http.StatusForbidden)
		}
	})
	f.Answer(host+"/v2/token", func(w http.ResponseWriter, r *http.Request) {
		if _, _, named := r.BasicAuth(); named {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		io.WriteString(w, `{"token":"everybody"}`)
	})
}

const (
	ecrHost = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
	arHost  = "europe-docker.pkg.dev"
	acrHost = "acme.azurecr.io"
)

func TestIdentityOfTheMachine(t *testing.T) {
	googles := &authn.AuthConfig{Username: "oauth2accesstoken", Password: cloudtest.GoogleToken}
	wrong := &authn.AuthConfig{Username: "oauth2accesstoken", Password: cloudtest.EntraToken}
	for name, tt := range map[string]struct {
		host     string
		login    *authn.AuthConfig
		err      error
		prepare  func(*cloudtest.Fake, *image.Remote)
		want     []string // of the error; nil where the image is read
		askedFor []string
	}{
		"Amazon's":           {ecrHost, &authn.AuthConfig{Username: "AWS", Password: cloudtest.ECRPassword}, nil, nil, nil, []string{ecrHost}},
		"Google's":           {"gcr.io", googles, nil, nil, nil, []string{"gcr.io"}},
		"Google's, a port":   {"gcr.io:443", googles, nil, nil, nil, []string{"gcr.io:443"}},
		"Azure's":            {acrHost, &authn.AuthConfig{Username: "00000000-0000-0000-0000-000000000000", Password: cloudtest.ACRToken}, nil, nil, nil, []string{acrHost}},
		"nobody is anything": {arHost, nil, nil, nil, []string{arHost + " wants credentials, or has no team/app (401 Unauthorized, UNAUTHORIZED): no identity of Test is in a file; give an identity that may pull it, or use docker login " + arHost}, []string{arHost}},
		"nobody is anything, and Amazon's": {ecrHost, nil, nil, nil, []string{
			ecrHost + " wants credentials, or has no team/app (401 Unauthorized): no identity of Test is in a file; give an identity that may pull it, or use docker login " + ecrHost,
		}, []string{ecrHost}},
		"one that cannot be used": {arHost, nil, &web.Fault{Text: "its file is not there", Is: fs.ErrNotExist}, nil, []string{arHost + ": its file is not there"}, []string{arHost}},
		"one that is refused": {arHost, wrong, nil, nil, []string{
			arHost + " refuses " + ofTest + " (401 Unauthorized, UNAUTHORIZED): has it no team/app, or may this identity not pull it?",
		}, []string{arHost}},
		"one that is refused, and the image is public": {arHost, wrong, nil, func(f *cloudtest.Fake, _ *image.Remote) { public(f, arHost) }, nil, []string{arHost}},
		"one of Amazon's that is refused": {ecrHost, wrong, nil, nil, []string{
			ecrHost + " refuses " + ofTest + " (401 Unauthorized): has it no team/app",
		}, []string{ecrHost}},
		"Docker's configuration goes before": {arHost, wrong, nil, func(_ *cloudtest.Fake, r *image.Remote) {
			r.Keychain = signedIn{AuthConfig: *googles}
		}, nil, nil},
		"Docker's configuration goes before, and is refused": {arHost, googles, nil, func(_ *cloudtest.Fake, r *image.Remote) {
			r.Keychain = signedIn{AuthConfig: *wrong}
		}, []string{arHost + " refuses the credentials for it"}, nil},
		"a mirror is nobody that was named": {"docker.io", googles, nil, func(_ *cloudtest.Fake, r *image.Remote) {
			r.Mirrors = []image.Mirror{{Registry: "docker.io", Location: "mirror.gcr.io"}}
		}, []string{"mirror.gcr.io wants credentials, or has no team/app"}, []string{"index.docker.io"}},
		"over plain HTTP": {"gcr.io", googles, nil, func(f *cloudtest.Fake, r *image.Remote) {
			r.Insecure = []string{"gcr.io"}
			r.Proxy = func(u *url.URL) (*url.URL, error) { return url.Parse(f.Proxy()) }
		}, []string{"gcr.io"}, nil},
		"a sign-in server elsewhere": {arHost, googles, nil, func(f *cloudtest.Fake, _ *image.Remote) {
			f.Answer(arHost+"/v2/", func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("WWW-Authenticate", `Bearer realm="https://evil.example.com/token"`)
				w.WriteHeader(http.StatusUnauthorized)
			})
			f.Answer("evil.example.com/", status(http.StatusUnauthorized))
		}, []string{arHost + ": it has evil.example.com sign in for it, which is not told this machine's identity"}, []string{arHost}},
		"under --offline": {arHost, googles, nil, func(_ *cloudtest.Fake, r *image.Remote) { r.Offline = true }, []string{"under --offline"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			f, own := clouds(t), &identities{login: tt.login, err: tt.err}
			r := image.Impatient(image.Remote{Identities: own}, time.Minute, func(time.Duration) {})
			r = image.Reaching(r, f.Reach)
			if tt.prepare != nil {
				tt.prepare(f, &r)
			}
			lines, err := broken(t, tt.host+"/team/app:1", r)
			if tt.want == nil {
				must(t, err)
				if diff := cmp.Diff(len(sampleWalk), len(lines)); diff != "" {
					t.Errorf("entries (-want +got):\n%s", diff)
				}
			} else {
				wantError(t, err, tt.want...)
				if errors.Is(err, fs.ErrNotExist) {
					t.Errorf("%v says that an image is not there", err)
				}
			}
			if diff := cmp.Diff(tt.askedFor, own.asked()); diff != "" {
				t.Errorf("asked for (-want +got):\n%s", diff)
			}
			for _, request := range f.Requests() {
				if user, _, named := basicAuth(request); named && request.Host != strings.TrimSuffix(tt.host, ":443") {
					t.Errorf("%s was told %s's password", request.Host, user)
				}
			}
			if err != nil {
				for _, secret := range cloudtest.Secrets() {
					if strings.Contains(err.Error(), secret) {
						t.Errorf("%q holds %q", err, secret)
					}
				}
			}
		})
	}
}

func basicAuth(r cloudtest.Request) (user, password string, ok bool) {
	return (&http.Request{Header: r.Header}).BasicAuth()
}

// TestIdentityIsNotLedAway has every cloud's registry lead to layers elsewhere, as they do.
func TestIdentityIsNotLedAway(t *testing.T) {
	for host, login := range map[string]*authn.AuthConfig{
		ecrHost: {Username: "AWS", Password: cloudtest.ECRPassword},
		arHost:  {Username: "oauth2accesstoken", Password: cloudtest.GoogleToken},
		acrHost: {Username: "00000000-0000-0000-0000-000000000000", Password: cloudtest.ACRToken},
	} {
		t.Run(host, func(t *testing.T) {
			f := clouds(t)
			f.Answer("store.example.com/", f.Registry.ServeHTTP)
			f.Answer(host+"/v2/team/app/blobs/", func(w http.ResponseWriter, r *http.Request) {
				http.Redirect(w, r, "https://store.example.com"+r.URL.Path, http.StatusTemporaryRedirect)
			})
			r := image.Reaching(image.Remote{Identities: &identities{login: login}}, f.Reach)
			_, err := broken(t, host+"/team/app:1", r)
			must(t, err)
			led := 0
			for _, request := range f.Requests() {
				if request.Host != "store.example.com" {
					continue
				}
				led++
				if given := request.Header.Get("Authorization"); given != "" {
					t.Errorf("it was told %q", given)
				}
			}
			if led == 0 {
				t.Error("nothing was led there")
			}
		})
	}
}

// TestIdentityThatEnds has one end after the manifest, and wants it had anew.
func TestIdentityThatEnds(t *testing.T) {
	f := clouds(t)
	own := &identities{login: &authn.AuthConfig{Username: "AWS", Password: cloudtest.ECRPassword}}
	sources, err := image.Open(t.Context(), image.SchemeRegistry, ecrHost+"/team/app:1", remoteOptions(image.Reaching(image.Remote{Identities: own}, f.Reach)))
	must(t, err)
	defer sources[0].Close()
	own.mu.Lock()
	own.login, own.err = nil, &web.Fault{Text: "its file is not there", Is: fs.ErrNotExist}
	own.mu.Unlock()
	err = sources[0].Units()[0].Walk(t.Context(), &recorder{})
	wantError(t, err, ecrHost+": its file is not there")
	if errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v says that a layer is not there", err)
	}
	own.mu.Lock()
	own.login, own.err = nil, nil
	own.mu.Unlock()
	err = sources[0].Units()[0].Walk(t.Context(), &recorder{})
	wantError(t, err, ecrHost+": no identity of Test is in a file")
	own.mu.Lock()
	own.login = &authn.AuthConfig{Username: "AWS", Password: cloudtest.ECRPassword}
	own.mu.Unlock()
	must(t, sources[0].Units()[0].Walk(t.Context(), &recorder{}))
}
