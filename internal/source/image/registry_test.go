package image_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/authn"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/boltseal/boltseal/internal/source/image"
)

func TestRegistryGivesTheImageOfALayout(t *testing.T) {
	img := sample(t)
	f := serve(t)
	ref := f.push(t, img)
	digest, err := img.Digest()
	must(t, err)
	want := open(t, image.SchemeOCIDir, layoutOf(t, img), image.Options{})[0].Target()
	for _, ref := range []string{ref, f.host + "/team/app@" + digest.String(), ref + "@" + digest.String()} {
		s := open(t, image.SchemeRegistry, ref, remoteOptions(f.remote()))[0]
		want.Name = "registry:" + ref
		want.Image.Name, want.Image.Reference = f.host+"/team/app", ref
		if diff := cmp.Diff(want, s.Target()); diff != "" {
			t.Errorf("target of %s (-want +got):\n%s", ref, diff)
		}
		if diff := cmp.Diff(sampleWalk, entriesOf(walkAll(t, s))); diff != "" {
			t.Errorf("entries (-want +got):\n%s", diff)
		}
		l := s.Target().Image.Layers[0]
		if got := s.Units()[0].Digest; got != l.Digest+"+"+l.DiffID {
			t.Errorf("unit's digest %q", got)
		}
	}
	// One request a blob, and none before it is wanted.
	if n := f.asked("/blobs/" + want.Image.Layers[0].Digest); n != 3 {
		t.Errorf("layer was asked for %d times, want 3", n)
	}
}

func TestRegistryWithPlatforms(t *testing.T) {
	f := serve(t)
	platform := func(arch string) v1.Descriptor {
		return v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: arch}, Annotations: map[string]string{
			"org.opencontainers.image.ref.name": "registry.example.com/somebody/else:2",
		}}
	}
	ref := f.push(t, mutate.IndexMediaType(mutate.AppendManifests(
		empty.Index,
		mutate.IndexAddendum{Add: platformImage(t, "amd64", plain(t, text("arch", "amd64"))), Descriptor: platform("amd64")},
		mutate.IndexAddendum{Add: platformImage(t, "arm64", plain(t, text("arch", "arm64"))), Descriptor: platform("arm64")},
		mutate.IndexAddendum{Add: attestation(t), Descriptor: v1.Descriptor{Platform: unknown, Annotations: attests}},
	), types.OCIImageIndex))
	name := " | " + f.host + "/team/app | "
	all := open(t, image.SchemeRegistry, ref, remoteOptions(f.remote()))
	want := []string{" linux/amd64" + name + "linux/amd64", " linux/arm64" + name + "linux/arm64"}
	if diff := cmp.Diff(want, summary("registry:"+ref, all)); diff != "" {
		t.Errorf("all (-want +got):\n%s", diff)
	}
	if got := skips(t, all[0]); len(got) != 1 || !strings.Contains(got[0], "attestation") {
		t.Errorf("left out: %q", got)
	}
	opt := remoteOptions(f.remote())
	opt.Platform = "linux/arm64"
	if diff := cmp.Diff([]string{name + "linux/arm64"}, summary("registry:"+ref, open(t, image.SchemeRegistry, ref, opt))); diff != "" {
		t.Errorf("one (-want +got):\n%s", diff)
	}
	opt.Platform = "linux/s390x"
	_, err := image.Open(t.Context(), image.SchemeRegistry, ref, opt)
	wantError(t, err, "no image for platform linux/s390x: there is linux/amd64, linux/arm64")

	// A platform that cannot be had loses no other, and is no silent gap.
	f.answer(all[1].Target().Digest, http.NotFound)
	sources, err := image.Open(t.Context(), image.SchemeRegistry, ref, remoteOptions(f.remote()))
	wantError(t, err, "manifest sha256:", "does not have it")
	if len(sources) != 1 {
		t.Fatalf("%d sources, want 1", len(sources))
	}
	must(t, sources[0].Close())
}

func TestSigningIn(t *testing.T) {
	img := sample(t)
	basic := (*fakeRegistry).demandBasic
	tests := map[string]struct {
		prepare  func(*fakeRegistry)
		keychain authn.Keychain
		want     []string // of the error; nil for none
	}{
		"a token":                        {(*fakeRegistry).demandToken, robot, nil},
		"basic":                          {basic, robot, nil},
		"a token from the configuration": {(*fakeRegistry).demandToken, signedIn{AuthConfig: authn.AuthConfig{RegistryToken: token}}, nil},
		"nobody is signed in":            {(*fakeRegistry).demandToken, nil, []string{"wants credentials", "401 Unauthorized", "docker login HOST"}},
		"basic, nobody is signed in":     {basic, nil, []string{"wants credentials", "401 Unauthorized", "docker login HOST"}},
		"a wrong password": {(*fakeRegistry).demandToken, signedIn{AuthConfig: authn.AuthConfig{Username: user, Password: password + "x"}}, []string{
			"HOST refuses the credentials for it (401 Unauthorized, UNAUTHORIZED)", "docker login HOST again",
		}},
		"basic, a wrong password": {basic, signedIn{AuthConfig: authn.AuthConfig{Username: user, Password: password + "x"}}, []string{"HOST refuses the credentials for it (401 Unauthorized)"}},
		"a helper that fails": {basic, signedIn{err: errors.New("helper says " + password)}, []string{
			"HOST: its credentials cannot be read", "credHelpers",
		}},
		"a token server that answers something else": {func(f *fakeRegistry) {
			f.demandToken()
			f.guard("none", `Bearer realm="http://`+f.host+`/v2/elsewhere"`)
		}, robot, []string{"HOST"}},
		"a challenge that is none": {func(f *fakeRegistry) {
			f.guard("none", `Bearer service="`+password+`"`)
		}, robot, []string{"HOST gives no answer that a registry gives"}},
		"a token server on a cloud's own address": {func(f *fakeRegistry) {
			f.guard("none", `Bearer realm="http://169.254.169.254/token"`)
		}, robot, []string{"HOST gives no answer that a registry gives"}},
		"a token server over plain HTTP": {func(f *fakeRegistry) {
			f.guard("none", `Bearer realm="http://registry.example.com/token"`)
		}, robot, []string{"registry.example.com is reached over plain HTTP only when asked"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			f := serve(t)
			ref := f.push(t, img)
			tt.prepare(f)
			r := f.remote()
			r.Keychain = tt.keychain
			sources, err := image.Open(t.Context(), image.SchemeRegistry, ref, remoteOptions(r))
			if tt.want == nil {
				must(t, err)
				if diff := cmp.Diff(sampleWalk, entriesOf(walkAll(t, sources[0]))); diff != "" {
					t.Errorf("entries (-want +got):\n%s", diff)
				}
				must(t, sources[0].Close())
				return
			}
			for i, w := range tt.want {
				tt.want[i] = strings.ReplaceAll(w, "HOST", f.host)
			}
			wantError(t, err, tt.want...)
			discreet(t, err.Error())
		})
	}
}

// inJob is a keychain of credentials that nobody has asked to use.
type inJob struct{ authn.AuthConfig }

func (k inJob) Resolve(authn.Resource) (authn.Authenticator, error) {
	return image.JobCredentials{Authenticator: authn.FromConfig(k.AuthConfig)}, nil
}

// TestCredentialsOfAJob wants them used, and what is public had without them where they
// are refused.
func TestCredentialsOfAJob(t *testing.T) {
	refuse := func(w http.ResponseWriter, r *http.Request) {
		if _, _, signed := r.BasicAuth(); signed {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		fmt.Fprintf(w, `{"token":%q}`, token)
	}
	wrong := authn.AuthConfig{Username: user, Password: password + "x"}
	for name, tt := range map[string]struct {
		prepare func(*fakeRegistry)
		auth    authn.AuthConfig
		want    []string
	}{
		"they are taken": {(*fakeRegistry).demandToken, authn.AuthConfig{Username: user, Password: password}, nil},
		"the token server refuses them, and the image is public": {func(f *fakeRegistry) {
			f.demandToken()
			f.answer("/token", refuse)
		}, wrong, nil},
		"the registry refuses them, and the image is public": {func(f *fakeRegistry) {
			own := f.own()
			f.answer("/token", func(w http.ResponseWriter, r *http.Request) {
				given := token
				if _, _, signed := r.BasicAuth(); signed {
					given = "another"
				}
				fmt.Fprintf(w, `{"token":%q}`, given)
			})
			f.answer("", func(w http.ResponseWriter, r *http.Request) {
				switch r.Header.Get("Authorization") {
				case "Bearer " + token:
					own(w, r)
				case "":
					w.Header().Set("WWW-Authenticate", `Bearer realm="http://`+f.host+`/token",service="fake"`)
					w.WriteHeader(http.StatusUnauthorized)
				default:
					w.WriteHeader(http.StatusForbidden)
				}
			})
		}, wrong, nil},
		"they are refused, and the image is private": {(*fakeRegistry).demandToken, wrong, []string{"wants credentials, or has no", "docker login"}},
	} {
		t.Run(name, func(t *testing.T) {
			f := serve(t)
			ref := f.push(t, sample(t))
			tt.prepare(f)
			r := f.remote()
			r.Keychain = inJob{tt.auth}
			lines, err := broken(t, ref, r)
			if tt.want != nil {
				wantError(t, err, tt.want...)
				return
			}
			must(t, err)
			if len(lines) == 0 {
				t.Error("nothing was read")
			}
		})
	}
}

// TestCredentialsOfAJobAreRefusedTwice wants two layers that are refused at once to be had
// without the credentials, also where the second is told so when they are forgotten.
func TestCredentialsOfAJobAreRefusedTwice(t *testing.T) {
	f := serve(t)
	ref := f.push(t, sample(t))
	own := f.own()
	f.answer("/token", func(w http.ResponseWriter, r *http.Request) {
		given := token
		if _, _, signed := r.BasicAuth(); signed {
			given = "another"
		}
		fmt.Fprintf(w, `{"token":%q}`, given)
	})
	both, forgotten := make(chan struct{}), make(chan struct{})
	var refused, public atomic.Int32
	waitFor := func(r *http.Request, c <-chan struct{}) {
		select {
		case <-c:
		case <-r.Context().Done():
		}
	}
	layers := false
	f.answer("", func(w http.ResponseWriter, r *http.Request) {
		switch given := r.Header.Get("Authorization"); {
		case given == "":
			w.Header().Set("WWW-Authenticate", `Bearer realm="http://`+f.host+`/token",service="fake"`)
			w.WriteHeader(http.StatusUnauthorized)
			return
		case !layers:
		case given == "Bearer "+token:
			if public.Add(1) == 1 {
				close(forgotten)
			}
		case refused.Add(1) == 1:
			waitFor(r, both)
			w.WriteHeader(http.StatusForbidden)
			return
		default:
			close(both)
			waitFor(r, forgotten)
			w.WriteHeader(http.StatusForbidden)
			return
		}
		own(w, r)
	})
	remote := f.remote()
	remote.Keychain = inJob{authn.AuthConfig{Username: user, Password: password}}
	sources, err := image.Open(t.Context(), image.SchemeRegistry, ref, remoteOptions(remote))
	must(t, err)
	layers = true
	var wg sync.WaitGroup
	for _, u := range sources[0].Units()[:2] {
		wg.Go(func() {
			if err := u.Walk(t.Context(), &recorder{}); err != nil {
				t.Errorf("%s: %v", u.Name, err)
			}
		})
	}
	wg.Wait()
	must(t, sources[0].Close())
	if refused.Load() != 2 || public.Load() != 2 {
		t.Errorf("%d were refused, and %d had without", refused.Load(), public.Load())
	}
}

// broken opens what is in the registry and walks it; it gives what was told and the
// first error.
func broken(t *testing.T, ref string, r image.Remote) ([]string, error) {
	t.Helper()
	sources, err := image.Open(t.Context(), image.SchemeRegistry, ref, remoteOptions(r))
	var lines []string
	for _, s := range sources {
		for _, u := range s.Units() {
			rec := &recorder{}
			walk := u.Walk(t.Context(), rec)
			lines = append(lines, rec.lines...)
			if err == nil {
				err = walk
			}
		}
		must(t, s.Close())
	}
	if err != nil {
		discreet(t, err.Error())
		if strings.Contains(err.Error(), "http://") {
			t.Errorf("error tells an address: %v", err)
		}
	}
	return lines, err
}

func TestBrokenRegistries(t *testing.T) {
	// Large enough to need several reads, and not compressible.
	noise := make([]byte, 400_000)
	for i := range noise {
		noise[i] = byte(i * i >> 7)
	}
	layer := packed(t, text("first", "1"), text("noise", string(noise)), text("last", "2"))
	img := imageOf(t, layer)
	digest := hashOf(layer.data).String()
	config, err := img.ConfigName()
	must(t, err)
	other := gzipped(t, tarOf(t, text("first", "other")))
	half := len(layer.data) / 2
	whole := []string{"first", "noise", "last"}
	page := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		io.WriteString(w, "<html>sign in</html>")
	}
	typed := func(kind, doc string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", kind)
			io.WriteString(w, doc)
		}
	}
	tests := map[string]struct {
		end    string // of the path that is answered wrongly
		answer http.HandlerFunc
		want   []string // of the error; nil for none
		found  []string // of the layer
		waits  []time.Duration
	}{
		"not there":                    {"/manifests/1", http.NotFound, []string{"HOST does not have it (404 Not Found)"}, nil, nil},
		"too many requests, then well": {"/manifests/1", inTurn(status(429, "Retry-After", "7"), status(429), asItIs), nil, whole, []time.Duration{7 * time.Second, time.Second}},
		"a server that is down, well": {digest, inTurn(status(503), status(502), asItIs), nil, whole, []time.Duration{
			500 * time.Millisecond, time.Second,
		}},
		"too many requests for an hour": {"/manifests/1", status(429, "Retry-After", "3600"), []string{"HOST: answers 429 Too Many Requests and asks to wait for 1h0m0s"}, nil, nil},
		"too many requests until a day": {"/manifests/1", status(429, "Retry-After", "Fri, 31 Dec 2100 23:59:59 GMT"), []string{"429 Too Many Requests and asks to wait for"}, nil, nil},
		"a wait of nonsense":            {"/manifests/1", inTurn(status(429, "Retry-After", "-5"), asItIs), nil, whole, []time.Duration{500 * time.Millisecond}},
		"errors for ever": {"/manifests/1", status(500), []string{"HOST: answers 500 Internal Server Error, 5 times"}, nil, []time.Duration{
			500 * time.Millisecond, time.Second, 2 * time.Second, 4 * time.Second,
		}},
		"errors for ever at the front door": {"/v2/", status(500), []string{"HOST: answers 500 Internal Server Error, 5 times"}, nil, []time.Duration{
			500 * time.Millisecond, time.Second, 2 * time.Second, 4 * time.Second,
		}},
		"a status of its own":     {"/manifests/1", status(418), []string{"HOST answers 418 I'm a teapot"}, nil, nil},
		"forbidden":               {"/manifests/1", status(403), []string{"HOST wants credentials, or has no team/app (403 Forbidden)"}, nil, nil},
		"a web page":              {"/manifests/1", page, []string{"HOST answers with a web page (text/html)"}, nil, nil},
		"a web page as layer":     {digest, page, []string{"HOST answers with a web page (text/html)"}, nil, nil},
		"a web page without name": {"/manifests/1", typed("", "<html>"), []string{"reading manifest"}, nil, nil},
		"a chart":                 {"/manifests/1", typed("application/vnd.cncf.helm", "{}"), []string{`HOST answers with media type "application/vnd.cncf.helm", which is no image manifest`}, nil, nil},
		"schema version 1":        {"/manifests/1", typed("application/vnd.docker.distribution.manifest.v1+prettyjws", "{}"), []string{"HOST: schema version 1 is not supported"}, nil, nil},
		"a huge manifest":         {"/manifests/1", typed("application/json", strings.Repeat(" ", 5<<20)), []string{"HOST: manifest has more than 4194304 bytes"}, nil, nil},
		"a manifest cut off":      {"/manifests/1", cut(bytes.Repeat([]byte(" "), 2<<20), 1<<20), []string{"HOST: the connection broke off"}, nil, nil},
		"a huge configuration":    {config.String(), bytesOf(make([]byte, 5<<20)), []string{"more than 4194304"}, nil, nil},
		"another configuration":   {config.String(), bytesOf([]byte("{}")), []string{"digest mismatch", config.Hex[:12]}, nil, nil},
		"no layer":                {digest, http.NotFound, []string{"opening layer", "HOST does not have it (404 Not Found)"}, nil, nil},
		"another layer":           {digest, bytesOf(other), []string{"digest mismatch"}, []string{"first"}, nil},
		"a layer that is longer":  {digest, bytesOf(append(bytes.Clone(layer.data), make([]byte, 4<<20)...)), []string{"digest mismatch", fmt.Sprintf("layer has more than the %d bytes that the manifest says", len(layer.data))}, whole, nil},
		"a layer in pieces": {digest, inTurn(cut(layer.data, half), bytesOf(layer.data)), nil, whole, []time.Duration{
			500 * time.Millisecond,
		}},
		"a layer that begins again": {digest, inTurn(cut(layer.data, half), withoutRange(layer.data)), nil, whole, []time.Duration{
			500 * time.Millisecond,
		}},
		"a layer that goes on elsewhere": {digest, inTurn(cut(layer.data, half), func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Range", "bytes 7-9/10")
			w.WriteHeader(http.StatusPartialContent)
		}), []string{"HOST answers with another part of the layer"}, []string{"first", "noise"}, []time.Duration{500 * time.Millisecond}},
		"a layer that is gone when it is asked for the rest": {digest, inTurn(cut(layer.data, half), http.NotFound), []string{"HOST does not have it"}, []string{"first", "noise"}, []time.Duration{500 * time.Millisecond}},
		"a layer cut off for ever": {digest, cut(layer.data, half), []string{"HOST: the connection broke off"}, []string{"first", "noise"}, []time.Duration{
			500 * time.Millisecond, time.Second, 2 * time.Second, 4 * time.Second,
		}},
		"led in a circle":             {digest, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, r.URL.Path, http.StatusFound) }, []string{"HOST: leads on more than 10 times"}, nil, nil},
		"led to a cloud's secrets":    {digest, to("http://169.254.169.254/latest?sig=1"), []string{"HOST: leads to a link-local address"}, nil, nil},
		"led to plain HTTP":           {digest, to("http://registry.example.com/a?sig=1"), []string{"registry.example.com is reached over plain HTTP only when asked"}, nil, nil},
		"led to a file":               {digest, to("file:///etc/passwd"), []string{"neither https nor http"}, nil, nil},
		"led where nobody is":         {digest, to("https://127.0.0.1:1/a?sig=1"), []string{"HOST: dial: connection refused"}, nil, nil},
		"led with a password to pass": {digest, to("http://" + user + ":" + password + "@169.254.1.1/a"), []string{"link-local"}, nil, nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			f := serve(t)
			ref := f.push(t, img)
			own := f.own()
			f.answer(tt.end, func(w http.ResponseWriter, r *http.Request) { tt.answer(&through{w, own}, r) })
			lines, err := broken(t, ref, f.remote())
			if tt.want == nil {
				must(t, err)
			} else {
				for i, w := range tt.want {
					tt.want[i] = strings.ReplaceAll(w, "HOST", f.host)
				}
				wantError(t, err, tt.want...)
			}
			var found []string
			for _, l := range lines {
				found = append(found, strings.Trim(strings.Fields(l)[1], `"`))
			}
			if diff := cmp.Diff(tt.found, found); diff != "" {
				t.Errorf("found (-want +got):\n%s", diff)
			}
			if name != "led where nobody is" {
				if diff := cmp.Diff(tt.waits, f.waits); diff != "" {
					t.Errorf("waits (-want +got):\n%s", diff)
				}
			}
		})
	}
}

func TestSilentRegistries(t *testing.T) {
	layer := plain(t, text("first", "1"), text("noise", strings.Repeat("x", 400_000)))
	img := imageOf(t, layer)
	digest := hashOf(layer.data).String()
	halfway := func(w http.ResponseWriter, r *http.Request) {
		w.Write(layer.data[:200_000])
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	}
	for name, tt := range map[string]struct {
		end    string
		answer http.HandlerFunc
	}{
		"at the door":         {"/v2/", hang},
		"at the manifest":     {"/manifests/1", hang},
		"at a layer":          {digest, hang},
		"in the middle of it": {digest, halfway},
	} {
		t.Run(name, func(t *testing.T) {
			f := serve(t)
			ref := f.push(t, img)
			f.answer(tt.end, tt.answer)
			_, err := broken(t, ref, image.Impatient(image.Remote{}, 50*time.Millisecond, func(time.Duration) {}))
			wantError(t, err, f.host+": nothing came from it for 50ms")
		})
	}
}

func TestSilentHelper(t *testing.T) {
	f := serve(t)
	ref := f.push(t, sample(t))
	r := image.Impatient(image.Remote{}, 50*time.Millisecond, func(time.Duration) {})
	r.Keychain = signedIn{hang: t.Context().Done()}
	_, err := image.Open(t.Context(), image.SchemeRegistry, ref, remoteOptions(r))
	wantError(t, err, f.host+": the helper for its credentials gave no answer for 50ms")
}

func TestManifestsThatLie(t *testing.T) {
	l := plain(t, text("a", "1"))
	blob := hashOf(l.data)
	config, err := json.Marshal(v1.ConfigFile{OS: "linux", Architecture: "amd64", RootFS: v1.RootFS{DiffIDs: []v1.Hash{blob}}})
	must(t, err)
	many, err := json.Marshal(v1.ConfigFile{OS: "linux", Architecture: "amd64", RootFS: v1.RootFS{DiffIDs: repeat(blob, 10_000)}})
	must(t, err)
	more, err := json.Marshal(v1.ConfigFile{OS: "linux", Architecture: "amd64", RootFS: v1.RootFS{DiffIDs: repeat(blob, 10_001)}})
	must(t, err)
	manifest := func(config []byte, configSize int, layerSize int64, layers int) []byte {
		data, err := json.Marshal(v1.Manifest{
			SchemaVersion: 2, MediaType: types.OCIManifestSchema1,
			Config: v1.Descriptor{MediaType: types.OCIConfigJSON, Digest: hashOf(config), Size: int64(configSize)},
			Layers: descriptors(v1.Descriptor{MediaType: types.OCIUncompressedLayer, Digest: blob, Size: layerSize}, layers),
		})
		must(t, err)
		return data
	}
	size := int64(len(l.data))
	tests := map[string]struct {
		config, doc []byte
		want        []string
	}{
		"the truth":                        {config, manifest(config, len(config), size, 1), nil},
		"of the size of the configuration": {config, manifest(config, len(config)+1, size, 1), []string{"digest mismatch", "image configuration has"}},
		"a layer said to be smaller":       {config, manifest(config, len(config), size-1, 1), []string{"digest mismatch", fmt.Sprintf("more than the %d bytes", size-1)}},
		"a layer said to be larger":        {config, manifest(config, len(config), size+1, 1), []string{"digest mismatch", fmt.Sprintf("layer has %d bytes, the manifest says %d", size, size+1)}},
		"a layer of no size":               {config, manifest(config, len(config), -1, 1), []string{"digest mismatch", "more than the 0 bytes"}},
		"ten thousand times a layer":       {many, manifest(many, len(many), size, 10_000), nil},
		"more than that":                   {more, manifest(more, len(more), size, 10_001), []string{"10001 layers, more than 10000"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			f := serve(t)
			f.manifest(string(types.OCIManifestSchema1), tt.doc)
			f.answer("/blobs/"+hashOf(tt.config).String(), bytesOf(tt.config))
			f.answer("/blobs/"+blob.String(), bytesOf(l.data))
			sources, err := image.Open(t.Context(), image.SchemeRegistry, f.host+"/team/app:1", remoteOptions(f.remote()))
			if err == nil {
				units := sources[0].Units()
				if lastOf(t, units).Digest != units[0].Digest {
					t.Error("one layer has several digests, and is walked more than once")
				}
				err = units[0].Walk(t.Context(), &recorder{})
				must(t, sources[0].Close())
			}
			if tt.want == nil {
				must(t, err)
				return
			}
			wantError(t, err, tt.want...)
		})
	}
}

func descriptors(d v1.Descriptor, n int) []v1.Descriptor {
	all := make([]v1.Descriptor, n)
	for i := range all {
		all[i] = d
	}
	return all
}

func TestManifestOfAnotherDigest(t *testing.T) {
	f := serve(t)
	digest := hashOf([]byte("what was asked for"))
	f.answer("/manifests/"+digest.String(), func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", string(types.OCIManifestSchema1))
		w.Header().Set("Docker-Content-Digest", digest.String())
		io.WriteString(w, `{"schemaVersion":2}`)
	})
	_, err := image.Open(t.Context(), image.SchemeRegistry, f.host+"/team/app@"+digest.String(), remoteOptions(f.remote()))
	wantError(t, err, "digest mismatch", "manifest of "+f.host)
	if !errors.Is(err, image.ErrDigest) {
		t.Errorf("not an ErrDigest: %v", err)
	}
}

// A layer may lie elsewhere; credentials stay with the registry.
func TestRedirectTakesNoCredentialsAlong(t *testing.T) {
	img := sample(t)
	for name, challenge := range map[string]func(*fakeRegistry){
		"token": (*fakeRegistry).demandToken,
		"basic": (*fakeRegistry).demandBasic,
	} {
		t.Run(name, func(t *testing.T) {
			f, store := serve(t), serve(t)
			store.push(t, img)
			own := f.own()
			f.answer("", func(w http.ResponseWriter, r *http.Request) {
				if r.Method == http.MethodGet && strings.Contains(r.URL.Path, "/blobs/") {
					http.Redirect(w, r, "http://"+store.host+r.URL.Path+"?sig=1", http.StatusTemporaryRedirect)
					return
				}
				own(w, r)
			})
			ref := f.push(t, img)
			challenge(f)
			r := f.remote()
			r.Keychain = robot
			s := open(t, image.SchemeRegistry, ref, remoteOptions(r))[0]
			if diff := cmp.Diff(sampleWalk, entriesOf(walkAll(t, s))); diff != "" {
				t.Errorf("entries (-want +got):\n%s", diff)
			}
			if n := store.asked("/blobs/"); n != 4 {
				t.Errorf("the other host was asked %d times, want 4", n)
			}
			for _, line := range store.requests {
				if strings.Contains(line, "Basic") || strings.Contains(line, "Bearer") || strings.Contains(line, "http") {
					t.Errorf("the other host was told %q", line)
				}
			}
		})
	}
}

func TestMirrors(t *testing.T) {
	img := sample(t)
	layers, err := img.Layers()
	must(t, err)
	first, err := layers[0].Digest()
	must(t, err)
	tests := map[string]struct {
		prepare         func(mirror *fakeRegistry)
		mirrors, origin bool // whether it is asked for the manifest
	}{
		"has it":             {func(*fakeRegistry) {}, true, false},
		"does not have it":   {func(m *fakeRegistry) { m.answer("/manifests/1", http.NotFound) }, true, true},
		"is down":            {func(m *fakeRegistry) { m.answer("", status(503)) }, false, true},
		"lacks a layer":      {func(m *fakeRegistry) { m.answer(first.String(), http.NotFound) }, true, false},
		"gives another page": {func(m *fakeRegistry) { m.answer("/manifests/1", status(200, "Content-Type", "text/html")) }, true, true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			origin, mirror := serve(t), serve(t)
			ref := origin.push(t, img)
			mirror.push(t, img)
			tt.prepare(mirror)
			r := origin.remote()
			r.Mirrors = []image.Mirror{{Registry: "registry.example.com", Location: "nowhere.invalid"}, {Registry: origin.host, Location: mirror.host}}
			s := open(t, image.SchemeRegistry, ref, remoteOptions(r))[0]
			if diff := cmp.Diff(sampleWalk, entriesOf(walkAll(t, s))); diff != "" {
				t.Errorf("entries (-want +got):\n%s", diff)
			}
			if got := mirror.asked("/manifests/1") > 0; got != tt.mirrors {
				t.Errorf("mirror was asked: %v", got)
			}
			if got := origin.asked("/manifests/1") > 0; got != tt.origin {
				t.Errorf("registry was asked: %v", got)
			}
			if s.Target().Image.Name != origin.host+"/team/app" {
				t.Errorf("name %q", s.Target().Image.Name)
			}
		})
	}
}

// A proxy sees where the requests go without a name being looked up.
func TestPlainHTTPOnlyWhenAsked(t *testing.T) {
	img := sample(t)
	tests := map[string]struct {
		host     string
		insecure []string
		want     []string
	}{
		"asked for":           {"registry.example.com", []string{"registry.example.com"}, nil},
		"asked for, a port":   {"10.1.2.3:5000", []string{"10.1.2.3:5000"}, nil},
		"not asked for":       {"registry.example.com", nil, []string{"registry.example.com"}},
		"a private address":   {"10.1.2.3:5000", nil, []string{"10.1.2.3:5000", "plain HTTP only when asked: --insecure-registry 10.1.2.3:5000"}},
		"another port of it":  {"10.1.2.3:5000", []string{"10.1.2.3"}, []string{"plain HTTP only when asked"}},
		"a name of a private": {"registry.local:5000", nil, []string{"registry.local:5000"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			f := serve(t)
			f.push(t, img)
			plain := 0
			proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Method == http.MethodConnect {
					w.WriteHeader(http.StatusMethodNotAllowed)
					return
				}
				plain++
				if r.URL.Host != tt.host {
					t.Errorf("host %q", r.URL.Host)
				}
				f.own()(w, r)
			}))
			t.Cleanup(proxy.Close)
			r := f.remote()
			r.Insecure = tt.insecure
			at := mustParse(t, strings.Replace(proxy.URL, "http://", "http://"+user+":"+password+"@", 1))
			r.Proxy = func(*url.URL) (*url.URL, error) { return at, nil }
			sources, err := image.Open(t.Context(), image.SchemeRegistry, tt.host+"/team/app:1", remoteOptions(r))
			if tt.want == nil {
				must(t, err)
				if diff := cmp.Diff(sampleWalk, entriesOf(walkAll(t, sources[0]))); diff != "" {
					t.Errorf("entries (-want +got):\n%s", diff)
				}
				must(t, sources[0].Close())
				return
			}
			wantError(t, err, tt.want...)
			discreet(t, err.Error())
			if plain > 0 {
				t.Errorf("%d requests over plain HTTP", plain)
			}
		})
	}
}

func TestOfflineAsksNobody(t *testing.T) {
	f := serve(t)
	ref := f.push(t, sample(t))
	r := f.remote()
	r.Offline = true
	_, err := image.Open(t.Context(), image.SchemeRegistry, ref, remoteOptions(r))
	wantError(t, err, "a registry is not asked under --offline")
	if len(f.requests) > 0 {
		t.Errorf("asked %q", f.requests)
	}
}

func TestReferences(t *testing.T) {
	digest := "@sha256:" + strings.Repeat("a", 64)
	tests := map[string]struct {
		looks, is bool
	}{
		"app:1.0":                          {true, true},
		"team/app:1.0":                     {true, true},
		"ghcr.io/team/app":                 {true, true},
		"localhost/app":                    {true, true},
		"127.0.0.1:5000/app":               {true, true},
		"app" + digest:                     {true, true},
		"app:1.0" + digest:                 {true, true},
		"app":                              {false, true},
		"team/app":                         {false, true},
		"./app:1.0":                        {false, false},
		"../app":                           {false, false},
		"/srv/app:1":                       {false, false},
		`C:\app`:                           {false, false},
		"App:1.0":                          {false, false},
		"app:1.0/":                         {false, false},
		"ghcr.io/":                         {false, false},
		"":                                 {false, false},
		"https://ghcr.io/app":              {false, false},
		user + ":" + password + "@h/app":   {false, false},
		"https://u:" + password + "@h/app": {false, false},
		"app@sha256:short":                 {false, false},
		"a@b" + digest:                     {false, false},
		strings.Repeat("a/", 5000) + "a:1": {false, false},
	}
	for ref, want := range tests {
		if got := image.LooksLikeReference(ref); got != want.looks {
			t.Errorf("LooksLikeReference(%.80q) = %v", ref, got)
		}
		err := image.CheckReference(ref)
		if (err == nil) != want.is {
			t.Errorf("CheckReference(%.80q) = %v", ref, err)
		}
		if err != nil {
			discreet(t, err.Error())
		}
	}
	for host, want := range map[string]bool{"ghcr.io": true, "localhost:5000": true, "[::1]:5000": true, "": false, "a/b": false, "u:p@h": false, "https://h": false} {
		if got := image.IsRegistry(host); got != want {
			t.Errorf("IsRegistry(%q) = %v", host, got)
		}
	}
}
