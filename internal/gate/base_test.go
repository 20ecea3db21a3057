package gate_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/gate"
	"github.com/boltseal/boltseal/internal/scan"
	"github.com/boltseal/boltseal/internal/scan/scantest"
)

// TestBaseFromTheRegistry wants the base to be what the FROM that counts names, as its
// registry has it, and nothing where that is not known.
func TestBaseFromTheRegistry(t *testing.T) {
	dockerfile := func(text string) scan.Source { return scantest.Tree(scantest.Text("docker/Dockerfile", text)) }
	at := func(text string, err error) *gate.Comparison {
		return &gate.Comparison{Trusted: &gate.Reference{
			Name: "commit 12ab",
			Open: func(context.Context, string, map[string]bool) (scan.Source, error) { return dockerfile(text), err },
		}}
	}
	const (
		other = "FROM acme/other:1\nRUN apt-get install -y curl tool\nUSER app\n"
		// untrusted stands for a change whose tree is compared with nothing.
		untrusted = recipeOfImage + "# a change\n"
		changed   = "FROM acme/base:1\nRUN true\nRUN make all of it\nUSER nobody\n"
	)
	long := "acme/" + strings.Repeat("a", 300)
	for name, test := range map[string]struct {
		tree    string
		trusted *gate.Comparison
		find    error // of the registry
		layer   string
		want    []string // what is asked for, the base, the origins of curl and libc6, notes
	}{
		"what FROM names": {
			recipeOfImage, nil, nil, "libc6 2.36",
			[]string{"acme/base:1 linux/amd64", "acme/base:1@sha256:0", "curl ours", "libc6 base"},
		},
		"the tag has moved": {
			recipeOfImage, nil, nil, "libc6 2.37",
			[]string{"acme/base:1 linux/amd64", "", "curl ", "libc6 ", "which layers are the base's is not known: they are not those of acme/base:1 as its registry has it now (sha256:0): the tag has moved since, or the image is built upon another one"},
		},
		"the registry does not answer": {
			recipeOfImage, nil, errors.New("it\nis away"), "libc6 2.36",
			[]string{"acme/base:1 linux/amd64", "", "curl ", "libc6 ", "which layers are the base's is not known: acme/base:1 cannot be looked at: it is away"},
		},
		"the registry does not know a long name, of which no part is shown that no mask would know": {
			strings.Replace(recipeOfImage, "acme/base:1", long, 1), nil, nil, "libc6 2.36",
			[]string{long + " linux/amd64", "", "curl ", "libc6 ", "which layers are the base's is not known: what FROM names cannot be looked at: no such image"},
		},
		"FROM names nothing": {
			strings.Replace(recipeOfImage, "acme/base:1", "scratch", 1), nil, nil, "libc6 2.36",
			[]string{"", "curl ", "libc6 "},
		},
		"no Dockerfile explains the image": {
			"FROM acme/base:1\nRUN something else\n", nil, nil, "libc6 2.36",
			[]string{"", "curl ", "libc6 "},
		},
		"the trusted FROM": {
			other, at(recipeOfImage, nil), nil, "libc6 2.36",
			[]string{"acme/base:1 linux/amd64", "acme/base:1@sha256:0", "curl ours", "libc6 base"},
		},
		"the trusted FROM of a file that changes much": {
			other, at(changed, nil), nil, "libc6 2.36",
			[]string{"acme/base:1 linux/amd64", "acme/base:1@sha256:0", "curl ours", "libc6 base"},
		},
		"a base that the change brings in": {
			recipeOfImage, at(other, nil), nil, "libc6 2.36",
			[]string{"acme/other:1 linux/amd64", "", "curl ", "libc6 ", "which layers are the base's is not known: acme/other:1 cannot be looked at: no such image"},
		},
		"a Dockerfile that the change brings in": {
			recipeOfImage, at("# nothing\n", nil), nil, "libc6 2.36",
			[]string{"", "curl ", "libc6 "},
		},
		"a change of which nothing is trusted": {
			untrusted, nil, nil, "libc6 2.36",
			[]string{"", "curl ", "libc6 "},
		},
		"the trusted commit cannot be read": {
			recipeOfImage, at("", errors.New("it is gone")), nil, "libc6 2.36",
			[]string{"", "curl ", "libc6 ", "which layers are the base's is not known: the Dockerfiles of commit 12ab cannot be read: it is gone"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			app := builtImage("acme/app", "app", baseLayer("libc6 2.36"), ownLayer("libc6 2.36", "curl 7.88"))
			var got []string
			req := gate.Request{
				Untrusted: test.tree == untrusted,
				Sources:   []scan.Source{app, builtImage("acme/web", "app", baseLayer("libc6 2.36"), ownLayer("libc6 2.36", "curl 7.88")), dockerfile(test.tree)},
				Compare:   map[string]*gate.Comparison{"dir:.": test.trusted},
				FindBase: func(_ context.Context, reference, platform string) (scan.Target, error) {
					got = append(got, reference+" "+platform)
					if test.find == nil && reference != "acme/base:1" {
						return scan.Target{}, errors.New("no such image")
					}
					return builtImage(reference, "", baseLayer(test.layer)).Target(), test.find
				},
			}
			if test.trusted == nil {
				delete(req.Compare, "dir:.")
			}
			run := gateOf(t, req, finding.Packages)
			got = append(got, run.Images[0].Base)
			for _, p := range run.Packages[:len(run.Packages)/2] {
				got = append(got, p.Name+" "+p.Origin)
			}
			for _, s := range run.Scans {
				if s.Target == app.Target().Name {
					for _, n := range s.Notes {
						if strings.HasPrefix(n, "which") {
							got = append(got, n)
						}
					}
					break
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestSignedBase wants the base to be asked about that FROM names where it counts, and an
// answer that cannot be had to leave the scan partial.
func TestSignedBase(t *testing.T) {
	const partly = "partial whether "
	long := "acme/" + strings.Repeat("a", 300)
	for name, test := range map[string]struct {
		recipe string
		signed bool
		err    error
		want   []string // what is asked for, how the scan of the configuration ended, findings
	}{
		"signed":                        {recipeOfImage, true, nil, []string{"acme/base:1 linux/amd64", "ok "}},
		"not signed":                    {recipeOfImage, false, nil, []string{"acme/base:1 linux/amd64", "ok ", `medium image is built upon "acme/base:1", of which its registry has no signature`}},
		"no answer":                     {recipeOfImage, false, errors.New("it\nis away"), []string{"acme/base:1 linux/amd64", partly + "acme/base:1 has a signature is not known: it is away"}},
		"a long name":                   {strings.Replace(recipeOfImage, "acme/base:1", long, 1), false, errors.New("no name"), []string{long + " linux/amd64", partly + "what FROM names has a signature is not known: no name"}},
		"no base":                       {strings.Replace(recipeOfImage, "acme/base:1", "scratch", 1), false, nil, []string{"ok "}},
		"an argument without a default": {"ARG R\n" + strings.Replace(recipeOfImage, "acme/base:1", "${R}acme/base:1", 1), true, nil, []string{partly + "the base has a signature is not known: no Dockerfile that counts says what the image is built upon"}},
		"an argument with one":          {"ARG R=acme\n" + strings.Replace(recipeOfImage, "acme/base:1", "$R/base:1", 1), true, nil, []string{"acme/base:1 linux/amd64", "ok "}},
		"another one":                   {"FROM acme/base:1\nRUN something else\n", false, nil, []string{partly + "the base has a signature is not known: no Dockerfile that counts says what the image is built upon"}},
		"no recipe":                     {"", false, nil, []string{partly + "the base has a signature is not known: no Dockerfile that counts says what the image is built upon"}},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			req := gate.Request{
				Sources: []scan.Source{builtImage("acme/app", "app", baseLayer("libc6 2.36"), ownLayer("libc6 2.36"))},
				Signed: func(_ context.Context, reference, platform string) (bool, error) {
					got = append(got, reference+" "+platform)
					return test.signed, test.err
				},
			}
			if test.recipe != "" {
				req.Sources = append(req.Sources, scantest.Tree(scantest.Text("Dockerfile", test.recipe)))
			}
			run := gateOf(t, req, finding.ImageConfig, finding.Secrets)
			for _, s := range run.Scans {
				if s.Scanner == finding.ImageConfig && s.Target == req.Sources[0].Target().Name {
					got = append(got, string(s.Status)+" "+s.Reason)
				}
			}
			for _, f := range run.Findings {
				if f.Rule == "image/unsigned-base" {
					got = append(got, f.Severity.String()+" "+f.Message)
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestSignedBaseOfSeveral wants a base to be asked about once, however many images are
// built upon it, and each of them to be told of.
func TestSignedBaseOfSeveral(t *testing.T) {
	asked := 0
	req := gate.Request{
		Sources: []scan.Source{
			builtImage("acme/app", "app", baseLayer("libc6 2.36"), ownLayer("libc6 2.36")),
			builtImage("acme/web", "app", baseLayer("libc6 2.36"), ownLayer("libc6 2.36")),
			scantest.Tree(scantest.Text("Dockerfile", recipeOfImage)),
		},
		Signed: func(context.Context, string, string) (bool, error) {
			asked++
			return false, nil
		},
	}
	var images []string
	for _, f := range gateOf(t, req, finding.ImageConfig).Findings {
		if f.Rule == "image/unsigned-base" {
			images = append(images, f.Location.Image)
		}
	}
	if diff := cmp.Diff([]string{"acme/app", "acme/web"}, images); diff != "" || asked != 1 {
		t.Errorf("asked %d times (-want +got):\n%s", asked, diff)
	}
}

// TestSignedBaseOfAChange wants a change to be held to the base that it builds upon, not to
// the one of the commit that is trusted, and nothing to be known where no file of that
// commit explains the image.
func TestSignedBaseOfAChange(t *testing.T) {
	dockerfile := func(text string) scan.Source { return scantest.Tree(scantest.Text("Dockerfile", text)) }
	from := func(base string) string { return strings.Replace(recipeOfImage, "acme/base:1", base, 1) }
	for name, test := range map[string]struct {
		before, now string
		want        []string // bases that are asked about, and those that have no signature
	}{
		"a base that the change brings in":               {from("acme/signed:1"), from("acme/other:1"), []string{"acme/other:1", "acme/other:1 is unsigned"}},
		"a base where there was none":                    {from("scratch"), from("acme/other:1"), []string{"acme/other:1", "acme/other:1 is unsigned"}},
		"a base that the change does away with":          {from("acme/other:1"), from("acme/signed:1"), []string{"acme/signed:1"}},
		"a base that the build decides on":               {from("acme/signed:1"), "ARG A\n" + from("$A$B"), []string{"unknown"}},
		"a registry that the build may set":              {from("acme/signed:1"), "ARG R\n" + from("${R}acme/signed:1"), []string{"unknown"}},
		"a base that stays":                              {from("acme/signed:1"), from("acme/signed:1") + "# a change\n", []string{"acme/signed:1"}},
		"a file that the change takes away":              {from("acme/signed:1"), "# nothing\n", []string{"unknown"}},
		"a file that the change brings in, of no weight": {"# nothing\n", from("acme/signed:1"), []string{"unknown"}},
	} {
		t.Run(name, func(t *testing.T) {
			app := builtImage("acme/app", "app", baseLayer("libc6 2.36"), ownLayer("libc6 2.36"))
			var got []string
			run := gateOf(t, gate.Request{
				Untrusted: true,
				Sources:   []scan.Source{app, dockerfile(test.now)},
				Compare: map[string]*gate.Comparison{"dir:.": {Trusted: &gate.Reference{
					Name: "commit 12ab",
					Open: func(context.Context, string, map[string]bool) (scan.Source, error) {
						return dockerfile(test.before), nil
					},
				}}},
				Signed: func(_ context.Context, reference, _ string) (bool, error) {
					got = append(got, reference)
					return reference == "acme/signed:1", nil
				},
			}, finding.ImageConfig)
			for _, f := range run.Findings {
				if f.Rule == "image/unsigned-base" {
					_, base, _ := strings.Cut(f.Message, `"`)
					base, _, _ = strings.Cut(base, `"`)
					got = append(got, base+" is unsigned")
				}
			}
			for _, s := range run.Scans {
				if s.Target == app.Target().Name && s.Status == finding.StatusPartial {
					got = append(got, "unknown")
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// repacked is an image whose base layer is stored as nobody else stores it.
type repacked struct {
	scan.Source
	err    error
	asked  int
	closed bool
}

func (r *repacked) Close() error {
	r.closed = true
	return r.Source.Close()
}

func (r *repacked) Confirm(_ context.Context, layer int) error {
	switch {
	case r.closed:
		return errors.New("it is closed")
	case layer != 0:
		return errors.New("another layer is asked for")
	}
	r.asked++
	return r.err
}

// TestBaseThatIsPackedAnew wants what an image says of its layers' content to be held
// against the content, where it decides what is the base's.
func TestBaseThatIsPackedAnew(t *testing.T) {
	const blob = "sha256:packed-anew"
	lies := "which layers are the base's is not known: layer " + blob + " is not shown to be the one of acme/base:1: "
	for name, test := range map[string]struct {
		confirms func(*repacked) scan.Source
		said     error
		given    bool // by --base-image, twice, instead of by FROM
		want     []string
	}{
		"it is so":                       {func(r *repacked) scan.Source { return r }, nil, false, []string{"curl ours", "libc6 base"}},
		"it is not":                      {func(r *repacked) scan.Source { return r }, errors.New("digest mismatch"), false, []string{"curl ", "libc6 ", lies + "digest mismatch"}},
		"nothing tells":                  {func(r *repacked) scan.Source { return r.Source }, nil, false, []string{"curl ", "libc6 ", lies + "it cannot be read again"}},
		"it is so, as the user says":     {func(r *repacked) scan.Source { return r }, nil, true, []string{"curl ours", "libc6 base"}},
		"it is not, as the user says":    {func(r *repacked) scan.Source { return r }, errors.New("digest mismatch"), true, []string{"curl ", "libc6 ", lies + "digest mismatch", lies + "digest mismatch"}},
		"nothing tells what a user says": {func(r *repacked) scan.Source { return r.Source }, nil, true, []string{"curl ", "libc6 ", lies + "it cannot be read again", lies + "it cannot be read again"}},
	} {
		t.Run(name, func(t *testing.T) {
			app := &repacked{Source: builtImage("acme/app", "app", baseLayer("libc6 2.36"), ownLayer("libc6 2.36", "curl 7.88")), err: test.said}
			app.Target().Image.Layers[0].Digest = blob
			base := builtImage("acme/base:1", "", baseLayer("libc6 2.36")).Target()
			req := gate.Request{Sources: []scan.Source{test.confirms(app)}}
			if test.given {
				req.BaseImages = []*scan.Image{base.Image, base.Image}
			} else {
				req.Sources = append(req.Sources, scantest.Tree(scantest.Text("Dockerfile", recipeOfImage)))
				req.FindBase = func(context.Context, string, string) (scan.Target, error) { return base, nil }
			}
			run := gateOf(t, req, finding.Packages)
			var got []string
			for _, p := range run.Packages {
				got = append(got, p.Name+" "+p.Origin)
			}
			for _, n := range run.Scans[0].Notes {
				if strings.HasPrefix(n, "which") {
					got = append(got, n)
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if confirms := test.confirms(app) == scan.Source(app); confirms != (app.asked == 1) || confirms && !app.closed {
				t.Errorf("asked %d times, closed: %t", app.asked, app.closed)
			}
		})
	}
}
