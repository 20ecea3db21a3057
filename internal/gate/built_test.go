package gate_test

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/gate"
	"github.com/boltseal/boltseal/internal/policy"
	"github.com/boltseal/boltseal/internal/report"
	"github.com/boltseal/boltseal/internal/scan"
	"github.com/boltseal/boltseal/internal/scan/scantest"
	"github.com/boltseal/boltseal/internal/scanner/secrets"
)

const dpkgOf = "var/lib/dpkg/status"

func installed(packages ...string) string {
	text := ""
	for _, p := range packages {
		name, version, _ := strings.Cut(p, " ")
		text += fmt.Sprintf("Package: %s\nStatus: install ok installed\nVersion: %s\nArchitecture: amd64\n\n", name, version)
	}
	return text
}

// layers of an image that is built upon another one.
func baseLayer(packages ...string) scantest.Layer {
	return scantest.Layer{Digest: "sha256:base" + strings.Join(packages, ""), Files: []scantest.File{
		scantest.Text("etc/os-release", "ID=debian\nVERSION_ID=12\n"), scantest.Text(dpkgOf, installed(packages...)),
	}}
}

func ownLayer(packages ...string) scantest.Layer {
	return scantest.Layer{Digest: "sha256:own" + strings.Join(packages, ""), Files: []scantest.File{
		scantest.Text(dpkgOf, installed(packages...)),
		{Entry: scan.Entry{Path: "usr/local/bin/tool", Mode: 0o777}, Data: []byte("x")},
	}}
}

func builtImage(name string, user string, layers ...scantest.Layer) scan.Source {
	config := &v1.ConfigFile{OS: "linux", Architecture: "amd64", Config: v1.Config{User: user}, History: []v1.History{
		{CreatedBy: "ADD rootfs.tar / # buildkit"}, {CreatedBy: "RUN /bin/sh -c apt-get install -y curl tool # buildkit"}, {CreatedBy: "USER " + user, EmptyLayer: true},
	}[:1+2*(len(layers)-1)]}
	src := scantest.Image(name, config, layers...)
	for i := range layers {
		src.Target().Image.Layers[i].History = i
	}
	return src
}

func gateOf(t *testing.T, req gate.Request, scanners ...string) *report.Run {
	t.Helper()
	var err error
	if req.Scanners, err = gate.Scanners(scanners, gate.Config{NoDatabase: "none"}); err != nil {
		t.Fatal(err)
	}
	req.Judging = gate.Judging{Policies: []*policy.Policy{policy.Default()}, Now: time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)}
	return gate.Run(t.Context(), req)
}

const recipeOfImage = "FROM acme/base:1\nRUN apt-get install -y curl tool\nUSER app\n"

// TestOriginAndLine wants packages and findings told apart by what FROM names, and a
// line for each finding.
func TestOriginAndLine(t *testing.T) {
	tree := func() scan.Source { return scantest.Tree(scantest.Text("docker/Dockerfile", recipeOfImage)) }
	app := func() scan.Source {
		return builtImage("acme/app", "app", baseLayer("libc6 2.36"), ownLayer("libc6 2.36", "curl 7.88"))
	}
	for _, test := range []struct {
		name string
		req  gate.Request
		want []string
	}{
		{
			"nothing is known of the base",
			gate.Request{Sources: []scan.Source{app()}},
			[]string{"curl ", "libc6 ", "image/world-writable  :0"},
		},
		{
			"the base is a target that FROM names",
			gate.Request{Sources: []scan.Source{app(), tree(), builtImage("acme/base:1", "", baseLayer("libc6 2.36"))}},
			[]string{"curl ours", "libc6 base", "image/world-writable ours docker/Dockerfile:2"},
		},
		{
			"the author of a change wrote FROM",
			gate.Request{Untrusted: true, Sources: []scan.Source{app(), tree(), builtImage("acme/base:1", "", baseLayer("libc6 2.36"))}},
			[]string{"curl ", "libc6 ", "image/world-writable  docker/Dockerfile:2"},
		},
		{
			"a change that brings no Dockerfile has images of its own",
			gate.Request{
				Untrusted: true, Sources: []scan.Source{app(), tree(), builtImage("acme/base:1", "", baseLayer("libc6 2.36"))},
				Compare: map[string]*gate.Comparison{"dir:.": {}},
			},
			[]string{"curl ", "libc6 ", "image/world-writable  docker/Dockerfile:2"},
		},
		{
			"a target of that name has other layers",
			gate.Request{Sources: []scan.Source{app(), tree(), builtImage("acme/base:1", "", baseLayer("libc6 2.35"))}},
			[]string{"curl ", "libc6 ", "image/world-writable  docker/Dockerfile:2"},
		},
		{
			"a target that FROM does not name",
			gate.Request{Sources: []scan.Source{app(), tree(), builtImage("acme/base:2", "", baseLayer("libc6 2.36"))}},
			[]string{"curl ", "libc6 ", "image/world-writable  docker/Dockerfile:2"},
		},
		{
			"the user names the base",
			gate.Request{Sources: []scan.Source{app()}, BaseImages: []*scan.Image{builtImage("x", "", baseLayer("libc6 2.36")).Target().Image}},
			[]string{"curl ours", "libc6 base", "image/world-writable ours :0"},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			run := gateOf(t, test.req, finding.Packages, finding.ImageConfig)
			target := test.req.Sources[0].Target().Name
			var got []string
			for _, p := range run.Packages {
				if p.Target == target {
					got = append(got, p.Name+" "+p.Origin)
				}
			}
			for _, f := range run.Findings {
				if f.Target == target && f.Rule == "image/world-writable" {
					got = append(got, fmt.Sprintf("%s %s %s:%d", f.Rule, f.Location.Origin, f.Location.Built.Path, f.Location.Built.StartLine))
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestLineChangesNoFingerprint wants findings to be the same with and without a line.
func TestLineChangesNoFingerprint(t *testing.T) {
	prints := func(more ...scan.Source) []string {
		sources := append([]scan.Source{builtImage("acme/app", "app", baseLayer("libc6 2.36"), ownLayer("curl 7.88"))}, more...)
		var out []string
		for _, f := range gateOf(t, gate.Request{Sources: sources}, finding.ImageConfig).Findings {
			out = append(out, f.Rule+" "+f.Fingerprint)
		}
		return out
	}
	if diff := cmp.Diff(prints(), prints(scantest.Tree(scantest.Text("Dockerfile", recipeOfImage)))); diff != "" {
		t.Error(diff)
	}
}

// TestDrift compares an image with an older one of another name.
func TestDrift(t *testing.T) {
	req := gate.Request{
		Sources: []scan.Source{builtImage("acme/app", "root", baseLayer("libc6 2.36"), ownLayer("libc6 2.37", "curl 7.88"))},
		Older:   []scan.Source{builtImage("acme/old", "app", baseLayer("libc6 2.36", "wget 1.21"))},
	}
	run := gateOf(t, req, finding.Packages, finding.ImageConfig)
	isNew := make(map[string]bool)
	for _, f := range run.Findings {
		isNew[f.Rule] = *f.New
	}
	want := map[string]bool{"image/world-writable": true, "image/root-user": true, "image/no-healthcheck": false, "image/no-source-labels": false}
	if diff := cmp.Diff(want, isNew); diff != "" {
		t.Errorf("new findings (-want +got):\n%s", diff)
	}
	d := run.Drifts[0]
	packages := []report.PackageChange{
		{Change: "added", Ecosystem: "Debian", Name: "curl", New: "7.88"},
		{Change: "changed", Ecosystem: "Debian", Name: "libc6", Old: "2.36", New: "2.37"},
		{Change: "removed", Ecosystem: "Debian", Name: "wget", Old: "1.21"},
	}
	if diff := cmp.Diff(packages, d.Packages); diff != "" {
		t.Errorf("packages (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]report.SettingChange{{Name: "user", Old: "app", New: "root"}}, d.Settings); diff != "" {
		t.Errorf("settings (-want +got):\n%s", diff)
	}
	changes := []report.FindingsChange{{Scanner: finding.ImageConfig, New: 2, Same: 2, Gone: 1}}
	if diff := cmp.Diff(changes, d.Findings); diff != "" || d.Old != "oci-dir:acme/old" {
		t.Errorf("drift of %s (-want +got):\n%s", d.Old, diff)
	}
	same := gateOf(t, gate.Request{
		Sources: []scan.Source{builtImage("acme/app", "root", baseLayer("libc6 2.36"))},
		Older:   []scan.Source{builtImage("acme/app", "root", baseLayer("libc6 2.36"))},
	}, finding.ImageConfig)
	for _, f := range same.Findings {
		if f.New == nil || *f.New {
			t.Errorf("%s is new though nothing changed", f.Rule)
		}
	}
}

// alike gives two made up tokens that one finding's fingerprint cannot tell apart: the
// hash in it is short, so that nobody can guess by it.
func alike(t *testing.T) (a, b string) {
	t.Helper()
	seen := make(map[string]string)
	for i := range 1 << 16 {
		sum := sha256.Sum256([]byte{byte(i), byte(i >> 8)})
		text := strings.NewReplacer("+", "x", "/", "y").Replace(base64.StdEncoding.EncodeToString(sum[:]))
		token := "ghp_" + text[:36]
		hash := finding.Hasher{}.Hash(token)
		if other, ok := seen[hash]; ok {
			return other, token
		}
		seen[hash] = token
	}
	t.Fatal("no two tokens are alike")
	return "", ""
}

// TestDriftOfSecrets: another secret in an old one's place is new, a second one like an
// old one too, and what is gone is counted.
func TestDriftOfSecrets(t *testing.T) {
	one, like := alike(t)
	image := func(name string, files ...scantest.File) scan.Source {
		return builtImage(name, "app", scantest.Layer{Files: files})
	}
	for name, test := range map[string]struct {
		old, now []scantest.File
		want     report.FindingsChange
	}{
		"the same":               {[]scantest.File{env("app/a.env", "key = "+one)}, []scantest.File{env("app/a.env", "", "key = "+one)}, report.FindingsChange{Same: 1}},
		"another one":            {[]scantest.File{env("app/a.env", "key = "+one)}, []scantest.File{env("app/a.env", "key = "+like)}, report.FindingsChange{New: 1, Gone: 1}},
		"the same a second time": {[]scantest.File{env("app/a.env", "key = "+one)}, []scantest.File{env("app/a.env", "key = "+one, "key = "+one)}, report.FindingsChange{New: 1, Same: 1}},
		"one less":               {[]scantest.File{env("app/a.env", "key = "+one, "key = "+one)}, []scantest.File{env("app/a.env", "key = "+one)}, report.FindingsChange{Same: 1, Gone: 1}},
		"none":                   {[]scantest.File{env("app/a.env", "key = "+one)}, []scantest.File{env("app/a.env", "x")}, report.FindingsChange{Gone: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			engine, err := secrets.New(secrets.Options{Compare: finding.Hasher{Key: []byte("of this run")}})
			if err != nil {
				t.Fatal(err)
			}
			built, err := gate.Scanners([]string{finding.Secrets}, gate.Config{Secrets: engine})
			if err != nil {
				t.Fatal(err)
			}
			run := gate.Run(t.Context(), gate.Request{
				Sources: []scan.Source{image("acme/app", test.now...)}, Older: []scan.Source{image("acme/old", test.old...)}, Scanners: built,
				Judging: gate.Judging{Policies: []*policy.Policy{policy.Default()}, Now: today, Mask: engine.Masker()},
			})
			test.want.Scanner = finding.Secrets
			if diff := cmp.Diff([]report.FindingsChange{test.want}, run.Drifts[0].Findings); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestOlderOfAShard: the older image is looked at by the scanners that look at the image.
func TestOlderOfAShard(t *testing.T) {
	app := builtImage("acme/app", "app", baseLayer("libc6 2.36"))
	begun := 0
	built, err := gate.Scanners([]string{finding.ImageConfig}, gate.Config{})
	if err != nil {
		t.Fatal(err)
	}
	for index := 1; index <= 2; index++ {
		run := gate.Run(t.Context(), gate.Request{
			Sources: []scan.Source{app}, Older: []scan.Source{builtImage("acme/old", "root", baseLayer("libc6 2.36"))},
			Scanners: []scan.Scanner{counting{built[0], &begun}},
			Share:    &gate.Share{Shard: report.Shard{Index: index, Of: 2}, Places: map[string]int{app.Target().Name: 0}},
			Judging:  gate.Judging{Policies: []*policy.Policy{policy.Default()}, Now: today},
		})
		if want := 2 - index; len(run.Drifts) != want {
			t.Errorf("shard %d: %d drifts", index, len(run.Drifts))
		}
	}
	if begun != 2 {
		t.Errorf("%d images were looked at", begun)
	}
}

// TestOlderThatFails wants an older image that cannot be looked at to be no pass, and
// everything to be new.
func TestOlderThatFails(t *testing.T) {
	bad := baseLayer("libc6 2.36")
	bad.Err = fmt.Errorf("reading layer: broken")
	run := gateOf(t, gate.Request{
		Sources: []scan.Source{builtImage("acme/app", "root", ownLayer("curl 7.88"))},
		Older:   []scan.Source{builtImage("acme/old", "root", bad)},
	}, finding.ImageConfig)
	statuses := make(map[string]finding.Status)
	for _, s := range run.Scans {
		statuses[s.Target] = s.Status
	}
	want := map[string]finding.Status{"oci-dir:acme/app": finding.StatusOK, "oci-dir:acme/old": finding.StatusPartial}
	if diff := cmp.Diff(want, statuses); diff != "" || run.Verdict.ExitCode == 0 {
		t.Errorf("verdict %d, statuses (-want +got):\n%s", run.Verdict.ExitCode, diff)
	}
}
