package image_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/boltseal/boltseal/internal/source/image"
)

// FuzzRegistry has a registry answer with arbitrary headers and bytes.
func FuzzRegistry(f *testing.F) {
	const manifest = "application/vnd.oci.image.manifest.v1+json"
	f.Add(200, manifest, "", `{"schemaVersion":2,"config":{"digest":"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855","size":0},"layers":[]}`)
	f.Add(429, "text/html", "7", `{"errors":[{"code":"TOOMANYREQUESTS"}]}`)
	f.Add(401, "", "Bearer realm=\"http://127.0.0.1/\",service=", "null")
	f.Add(307, "a/b;c", "https://127.0.0.1:1/", "")
	f.Add(206, manifest, "bytes 5-", "{}")
	registry := serve(f)
	nobody := mustParse(f, "http://127.0.0.1:1")
	f.Fuzz(func(t *testing.T, code int, kind, header, body string) {
		if code < 200 || code > 599 || strings.ContainsAny(kind+header, "\r\n\x00") {
			t.Skip()
		}
		registry.answer("/manifests/1", func(w http.ResponseWriter, _ *http.Request) {
			for _, h := range []string{"Retry-After", "WWW-Authenticate", "Location", "Content-Range"} {
				w.Header().Set(h, header)
			}
			w.Header().Set("Content-Type", kind)
			w.WriteHeader(code)
			w.Write([]byte(body))
		})
		r := image.Impatient(image.Remote{Keychain: robot}, time.Minute, func(time.Duration) {})
		r.Proxy = func(u *url.URL) (*url.URL, error) {
			if u.Host == registry.host {
				return nil, nil
			}
			return nobody, nil // nothing goes out
		}
		sources, err := image.Open(t.Context(), image.SchemeRegistry, registry.host+"/team/app:1", remoteOptions(r))
		if len(sources) == 0 && err == nil {
			t.Error("neither sources nor error")
		}
		if err != nil {
			discreet(t, err.Error())
		}
		for _, s := range sources {
			for _, u := range s.Units()[:min(len(s.Units()), 5)] {
				u.Walk(t.Context(), &recorder{})
			}
			must(t, s.Close())
		}
	})
}

// FuzzReference reads arbitrary text as the name of an image.
func FuzzReference(f *testing.F) {
	for _, s := range []string{"app:1", "ghcr.io/a/b", "a@sha256:" + strings.Repeat("0", 64), "u:p@h/a", "https://h/a", "[::1]:5/a", "."} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		err := image.CheckReference(s)
		if image.LooksLikeReference(s) && err != nil {
			t.Errorf("%q looks like a reference: %v", s, err)
		}
		if err == nil && (strings.Contains(s, "://") || strings.ContainsAny(s[:1], "./")) {
			t.Errorf("%q is a reference", s)
		}
		if err != nil && len(s) > 20 && strings.Contains(err.Error(), s) {
			t.Errorf("error repeats %q: %v", s, err)
		}
	})
}
