package policy

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/boltseal/boltseal/internal/yamlpos"
)

func TestTrustedBases(t *testing.T) {
	const digest = "@sha256:24454f830cdb571e2c4ad15481119c43b3cafd48dd869a9b2945d1036d1dc68d"
	for name, test := range map[string]struct {
		globs     string
		yes, noes string
	}{
		"an official image": {
			"debian",
			"debian debian:12 debian" + digest + " library/debian docker.io/debian index.docker.io/library/debian:12 Docker.IO/library/debian",
			"alpine acme/debian debian/debian quay.io/debian quay.io/library/debian docker.io/acme/debian debian2 Debian",
		},
		"a tag": {
			"debian:12",
			"debian:12 docker.io/debian:12 debian:12" + digest,
			"debian debian:12-slim debian:1 debian" + digest,
		},
		"no tag is latest": {"debian:latest", "debian debian:latest", "debian:12 debian" + digest},
		"globs of tags":    {"debian:12-*", "debian:12-slim debian:12-", "debian:12 debian:11-slim"},
		"by digest only": {
			"ghcr.io/acme/**@sha256:*",
			"ghcr.io/acme/a" + digest + " ghcr.io/acme/a/b:1" + digest,
			"ghcr.io/acme/a ghcr.io/acme/a:1 ghcr.io/other/a" + digest,
		},
		"one digest": {"debian" + digest, "debian" + digest + " debian:12" + digest, "debian debian:12 debian@sha256:00"},
		"a folder": {
			"ghcr.io/acme/*",
			"ghcr.io/acme/a ghcr.io/acme/a:1",
			"ghcr.io/acme/a/b ghcr.io/acme ghcr.io/acmee/a ghcr.io.evil.example/acme/a evil.example/ghcr.io/acme/a",
		},
		"all of a registry": {
			"ghcr.io/**",
			"ghcr.io/a ghcr.io/a/b/c:1",
			"ghcr.io:444/a xghcr.io/a ghcr.io ghcr.io/../evil/a ghcr.io/a/../../x ghcr.io/a//b ghcr.io/a/",
		},
		"registries":            {"*.example.com/**", "a.example.com/x", "example.com/x a.b.example.com.evil.example/x evil/a.example.com/x"},
		"a port":                {"localhost:5000/*", "localhost:5000/a localhost:5000/a:1", "localhost/a localhost:5001/a a"},
		"a folder of Docker's":  {"acme/*", "acme/a docker.io/acme/a:1", "acme/a/b other/a ghcr.io/acme/a"},
		"any of Docker's own":   {"*", "debian alpine:3", "acme/a ghcr.io/a"},
		"what a variable names": {"**", "", "$BASE ${BASE}/a ghcr.io/$A $A:1"},
		"variables in tags":     {"debian", "", "debian:$TAG debian:${TAG} debian:12-$A debian$TAG debian@$DIGEST debian@sha256:$A"},
		"several":               {"debian alpine:3", "debian:1 alpine:3", "alpine:4"},
	} {
		t.Run(name, func(t *testing.T) {
			b := TrustedBases([]*Policy{{TrustedBases: strings.Fields(test.globs)}})
			for ref := range strings.FieldsSeq(test.yes) {
				if !b.Trust("Dockerfile", ref) {
					t.Errorf("%s is not trusted", ref)
				}
			}
			for _, ref := range append(strings.Fields(test.noes), "", "@", ":", "a@b@c", strings.Repeat("a", maxReference+1)) {
				if b.Trust("Dockerfile", ref) {
					t.Errorf("%s is trusted", ref)
				}
			}
		})
	}
}

// TestEveryListOfBasesCounts wants a reference to be in the lists of all policies that
// are about the file.
func TestEveryListOfBasesCounts(t *testing.T) {
	b := TrustedBases([]*Policy{
		{TrustedBases: []string{"debian", "alpine"}},
		{},
		{Under: "web", TrustedBases: []string{"debian", "busybox"}},
	})
	var got []string
	for _, path := range []string{"Dockerfile", "web/Dockerfile", "website/Dockerfile", ""} {
		for _, ref := range []string{"debian", "alpine", "busybox"} {
			if b.Trust(path, ref) {
				got = append(got, path+" "+ref)
			}
		}
	}
	want := []string{
		"Dockerfile debian", "Dockerfile alpine", "web/Dockerfile debian", "website/Dockerfile debian", "website/Dockerfile alpine", " debian", " alpine",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	below := TrustedBases([]*Policy{{Under: "web", TrustedBases: []string{"debian"}}})
	if below.Asked("") || !below.Asked("web/Dockerfile") || !below.Any() || (Bases{}).Any() || !(Bases{}).Trust("a", "b") {
		t.Error("who is asked is wrong")
	}
}

// TestLooserBases wants a change told that lets more be built upon, and none that lets
// less.
func TestLooserBases(t *testing.T) {
	now := time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)
	const signatures = "with signatures"
	for name, test := range map[string]struct {
		before, after string
		loosened      string
		difference    string
	}{
		"one more":       {"debian", "debian alpine", "1 more trusted base", "looser targets.trusted-bases debian > targets.trusted-bases debian alpine"},
		"one fewer":      {"debian alpine", "debian", "", "tighter targets.trusted-bases debian alpine > targets.trusted-bases debian"},
		"another one":    {"debian", "alpine", "1 more trusted base", "looser targets.trusted-bases debian > targets.trusted-bases alpine"},
		"the first list": {"", "debian", "", "tighter targets.trusted-bases any > targets.trusted-bases debian"},
		"no list":        {"debian", "", "targets.trusted-bases is taken away", "looser targets.trusted-bases debian > targets.trusted-bases any"},
		"the same":       {"debian", "debian", "", ""},
		"signatures":     {"", signatures, "", "tighter targets.signed-bases no > targets.signed-bases yes"},
		"no signatures":  {signatures, "", "targets.signed-bases is taken away", "looser targets.signed-bases yes > targets.signed-bases no"},
	} {
		t.Run(name, func(t *testing.T) {
			load := func(bases string) *Policy {
				text := "version: 1\n"
				switch bases {
				case "":
				case signatures:
					text += "targets: {signed-bases: true}\n"
				default:
					text += "targets: {trusted-bases: [" + strings.ReplaceAll(bases, " ", ", ") + "]}\n"
				}
				p, err := Load("p.yaml", []byte(text))
				if err != nil {
					t.Fatal(err)
				}
				return p
			}
			before, after := load(test.before), load(test.after)
			var want []string
			if test.loosened != "" {
				want = []string{test.loosened}
			}
			if diff := cmp.Diff(want, Loosened(before, after, nil, now)); diff != "" {
				t.Errorf("loosened (-want +got):\n%s", diff)
			}
			got := ""
			for _, d := range Compare([]*Policy{before}, []*Policy{after}, nil, now) {
				got += map[bool]string{true: "tighter ", false: "looser "}[d.Tighter] + d.Old + " > " + d.New
			}
			if got != test.difference {
				t.Errorf("difference %q, want %q", got, test.difference)
			}
		})
	}
}

// FuzzTrustedBases wants globs that load to match no reference that names an image by
// another one's folders.
func FuzzTrustedBases(f *testing.F) {
	f.Add("ghcr.io/acme/**@sha256:*", "ghcr.io/acme/../x:1@sha256:aa")
	f.Add("{a,b}:[0-9]", "docker.io/library/a:1")
	f.Fuzz(func(t *testing.T, pattern, ref string) {
		p, err := Load("p.yaml", []byte("version: 1\ntargets: {trusted-bases: ["+yamlpos.Quote(pattern)+"]}\n"))
		if err != nil {
			return
		}
		b := TrustedBases([]*Policy{p})
		if b.Trust("", ref) && (slices.Contains(strings.Split(ref, "/"), "..") || strings.Contains(ref, "$") || strings.ContainsAny(fullName(splitReference(ref).name), " $\n\x00")) {
			t.Errorf("%q trusts %q", pattern, ref)
		}
	})
}
