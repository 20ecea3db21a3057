package image_test

import (
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	ggcr "github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/partial"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/boltseal/boltseal/internal/source/image"
)

// refer pushes an artifact whose subject is a manifest: to registries that do not know
// such the library writes the list under a tag, as clients do.
func (f *fakeRegistry) refer(t *testing.T, subject partial.Describable, kind string) {
	t.Helper()
	d, err := partial.Descriptor(subject)
	must(t, err)
	img := mutate.Subject(mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.MediaType(kind)), *d)
	digest, err := img.(v1.Image).Digest()
	must(t, err)
	ref, err := name.ParseReference(f.host + "/team/app@" + digest.String())
	must(t, err)
	must(t, remote.Write(ref, img.(v1.Image)))
}

// tag pushes an image under a tag.
func (f *fakeRegistry) tag(t *testing.T, tag string, img v1.Image) {
	t.Helper()
	ref, err := name.ParseReference(f.host + "/team/app:" + tag)
	must(t, err)
	must(t, remote.Write(ref, img))
}

func TestSigned(t *testing.T) {
	const (
		notation = "application/vnd.cncf.notary.signature"
		cosign   = "application/vnd.dev.cosign.artifact.sig.v1+json"
		bundle   = "application/vnd.dev.sigstore.bundle.v0.3+json"
	)
	app := imageOf(t, packed(t, text("a", "1")))
	index := mutate.AppendManifests(empty.Index, mutate.IndexAddendum{Add: app, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: "amd64"}}})
	sig := func(of interface{ Digest() (v1.Hash, error) }) string {
		d, err := of.Digest()
		must(t, err)
		return d.Algorithm + "-" + d.Hex + ".sig"
	}
	status := func(code int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
	}
	say := func(text string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, text) }
	}
	digest, err := app.Digest()
	must(t, err)
	for name, tt := range map[string]struct {
		api    bool // of referrers
		index  bool
		attach func(t *testing.T, f *fakeRegistry)
		want   bool
		err    []string
	}{
		"nothing":                          {false, false, func(*testing.T, *fakeRegistry) {}, false, nil},
		"nothing, with the API":            {true, false, func(*testing.T, *fakeRegistry) {}, false, nil},
		"cosign's tag":                     {false, false, func(t *testing.T, f *fakeRegistry) { f.tag(t, sig(app), app) }, true, nil},
		"cosign's tag of the index":        {false, true, func(t *testing.T, f *fakeRegistry) { f.tag(t, sig(index), app) }, true, nil},
		"cosign's tag of the platform":     {false, true, func(t *testing.T, f *fakeRegistry) { f.tag(t, sig(app), app) }, true, nil},
		"cosign's tag without a signature": {false, false, func(t *testing.T, f *fakeRegistry) { f.tag(t, sig(app), empty.Image) }, false, nil},
		"cosign among the referrers":       {true, false, func(t *testing.T, f *fakeRegistry) { f.refer(t, app, cosign) }, true, nil},
		"a bundle among the referrers":     {true, true, func(t *testing.T, f *fakeRegistry) { f.refer(t, index, bundle) }, true, nil},
		"notation's, in a tag":             {false, false, func(t *testing.T, f *fakeRegistry) { f.refer(t, app, notation) }, true, nil},
		"another artifact":                 {true, false, func(t *testing.T, f *fakeRegistry) { f.refer(t, app, "application/spdx+json") }, false, nil},
		"the API is refused": {true, false, func(t *testing.T, f *fakeRegistry) {
			f.refer(t, app, notation)
			f.answer("/referrers/"+digest.String(), status(405))
		}, false, nil},
		"the API fails":             {true, false, func(_ *testing.T, f *fakeRegistry) { f.answer("/referrers/"+digest.String(), status(500)) }, false, []string{"answers 500"}},
		"the API wants credentials": {true, false, func(_ *testing.T, f *fakeRegistry) { f.answer("/referrers/"+digest.String(), status(403)) }, false, []string{"wants credentials"}},
		"the API answers nonsense":  {true, false, func(_ *testing.T, f *fakeRegistry) { f.answer("/referrers/"+digest.String(), say("<")) }, false, []string{"no document"}},
		"the API answers too much": {true, false, func(_ *testing.T, f *fakeRegistry) {
			f.answer("/referrers/"+digest.String(), say(strings.Repeat(" ", 5<<20)))
		}, false, []string{"more than 4194304 bytes"}},
		"the API has further pages": {true, false, func(_ *testing.T, f *fakeRegistry) {
			f.answer("/referrers/"+digest.String(), func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Link", `</v2/more>; rel="next"`)
				fmt.Fprint(w, `{"manifests":[]}`)
			})
		}, false, []string{"more referrers than are looked at"}},
		"the tags fail": {true, false, func(_ *testing.T, f *fakeRegistry) { f.answer(".sig", status(500)) }, false, []string{"answers 500"}},
	} {
		t.Run(name, func(t *testing.T) {
			f := serve(t)
			f.inner = ggcr.New(ggcr.Logger(slog.NewLogLogger(slog.DiscardHandler, slog.LevelInfo)), ggcr.WithReferrersSupport(tt.api))
			var ref string
			if tt.index {
				ref = f.push(t, index)
			} else {
				ref = f.push(t, app)
			}
			tt.attach(t, f)
			got, err := image.Signed(t.Context(), ref, remoteOptions(f.remote()))
			if got != tt.want {
				t.Errorf("signed: %t, want %t (%v)", got, tt.want, err)
			}
			if tt.err == nil && err != nil {
				t.Error(err)
			} else if tt.err != nil {
				wantError(t, err, tt.err...)
			}
		})
	}
	t.Run("two places", func(t *testing.T) {
		mirror, f := serve(t), serve(t)
		mirror.push(t, app)
		ref := f.push(t, app)
		remote := f.remote()
		remote.Mirrors = []image.Mirror{{Registry: f.host, Location: mirror.host}}
		if got, err := image.Signed(t.Context(), ref, remoteOptions(remote)); got || err != nil {
			t.Errorf("signed: %t, %v", got, err)
		}
		if n := f.asked("/.sig") + f.asked("/manifests/.sig"); n > 0 {
			t.Errorf("the registry was asked about no digest, %d times", n)
		}
		f.tag(t, sig(app), app)
		if got, err := image.Signed(t.Context(), ref, remoteOptions(remote)); !got || err != nil {
			t.Errorf("signed in the registry, not in its mirror: %t, %v", got, err)
		}
	})
	for ref, want := range map[string]string{"a b": "not the name", "127.0.0.1:1/a": ""} {
		if _, err := image.Signed(t.Context(), ref, remoteOptions(serve(t).remote())); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", ref, err)
		}
	}
	if _, err := image.Signed(t.Context(), "app", image.Options{Remote: image.Remote{Offline: true}}); err == nil || !strings.Contains(err.Error(), "--offline") {
		t.Error(err)
	}
}
