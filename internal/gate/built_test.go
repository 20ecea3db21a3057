package gate_test

import (
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
	want := map[string]bool{"image/world-writable": true, "image/root-user": true, "image/no-healthcheck": false, "image/no-source-labels": false, "image/package-manager": false}
	for rule := range isNew {
		if _, found := want[rule]; !found {
			delete(isNew, rule)
		}
	}
	for rule := range want {
		if _, found := isNew[rule]; !found {
			delete(want, rule)
		}
	}
	if diff := cmp.Diff(want, isNew); diff != "" || !isNew["image/world-writable"] {
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
	if d.Old != "oci-dir:acme/old" || len(d.Findings) != 1 || d.Findings[0].New < 2 {
		t.Errorf("drift %+v", d)
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
