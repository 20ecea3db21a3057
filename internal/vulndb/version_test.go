package vulndb

import (
	"errors"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// oracles are the ecosystems whose own tools have judged pairs of versions.
var oracles = []struct{ file, ecosystem string }{
	{"debian", "Debian:12"},
	{"ubuntu", "Ubuntu:22.04:LTS"},
	{"rpm", "AlmaLinux:9"},
	{"npm", "npm"},
	{"pypi", "PyPI"},
	{"rubygems", "RubyGems"},
	{"maven", "Maven"},
	{"packagist", "Packagist"},
}

// TestCompareOracles compares with each ecosystem's own tool. Disagreements are in
// testdata/versions.tsv; what the tool refuses (E) is left out: refusing or
// guessing, nobody can say which is right.
func TestCompareOracles(t *testing.T) {
	known, seen := make(map[string]bool), make(map[string]bool)
	for _, row := range readRows(t, filepath.Join("testdata", "versions.tsv")) {
		known[strings.Join(row[:3], "\t")] = true
	}
	for _, o := range oracles {
		t.Run(o.file, func(t *testing.T) {
			pairs, refused := 0, 0
			for _, row := range readRows(t, filepath.Join(conformance(t, "versions"), o.file+".tsv")) {
				if row[2] == "E" {
					refused++
					continue
				}
				want, err := strconv.Atoi(row[2])
				if err != nil {
					t.Fatal(err)
				}
				pairs++
				got, err := Compare(o.ecosystem, row[0], row[1])
				key := strings.Join([]string{o.file, row[0], row[1]}, "\t")
				if err == nil && got == want {
					continue
				}
				if !known[key] {
					t.Errorf("%s: got %d, %v, want %d", key, got, err, want)
				}
				seen[key] = true
			}
			t.Logf("%d pairs, %d more refused by the tool", pairs, refused)
		})
	}
	if !t.Failed() && len(seen) > 0 {
		for key := range known {
			if seen[key] {
				continue
			}
			t.Errorf("listed, but there is no such disagreement: %s", key)
		}
	}
}

func TestCompare(t *testing.T) {
	for name, c := range map[string]struct {
		ecosystem, a, b string
		want            int
	}{
		"a tilde comes before nothing":         {"Debian:12", "1.0~rc1-1", "1.0-1", -1},
		"an epoch beats a version":             {"Debian:12", "1:0.1-1", "9.9-1", 1},
		"a binary rebuild is newer":            {"Debian:12", "1.0-1+b1", "1.0-1", 1},
		"repacked sources are newer":           {"Ubuntu:22.04:LTS", "2.0+dfsg-1", "2.0-1", 1},
		"an rpm epoch beats a version":         {"AlmaLinux:9", "1:1.1-1.el9", "3.0-1.el9", 1},
		"an rpm tilde":                         {"Rocky Linux:9", "1.0~rc1-1", "1.0-1", -1},
		"opam, which orders as Debian does":    {"opam", "v0.16~preview.1", "v0.16", -1},
		"opam, numbers":                        {"opam", "4.14.9", "4.14.10", -1},
		"opam, a revision":                     {"opam", "3.0.0", "3.0.0-1", -1},
		"distributions that the library lacks": {"Azure Linux:3", "1.2.3-4.azl3", "1.2.3-10.azl3", -1},
		"an apk revision":                      {"Alpine:v3.19", "1.2.3-r2", "1.2.3-r10", -1},
		"an apk letter":                        {"Alpine:v3.19", "1.1.1g-r0", "1.1.1t-r0", -1},
		"apk release candidates":               {"Alpine:v3.19", "3.0.0_rc1-r0", "3.0.0-r0", -1},
		"apk patches":                          {"Alpine:v3.19", "3.0.0_p1-r0", "3.0.0-r0", 1},
		"apk numbers, not strings":             {"Alpine:v3.19", "1.9-r0", "1.10-r0", -1},
		"a Go pseudo-version":                  {"Go", "0.0.0-20200622213623-75b288015ac9", "0.0.0-20211202192323-5770296d904e", -1},
		"Go's +incompatible says nothing":      {"Go", "3.2.0+incompatible", "3.2.0", 0},
		"a Go pre-release":                     {"Go", "1.22.0-rc1", "1.22.0", -1},
		"npm pre-releases":                     {"npm", "1.0.0-alpha.2", "1.0.0-alpha.10", -1},
		"PyPI pads with zeros":                 {"PyPI", "1.0", "1.0.0", 0},
		"PyPI dev before alpha":                {"PyPI", "1.0.dev1", "1.0a1", -1},
		"PyPI post-releases":                   {"PyPI", "1.0.post1", "1.0", 1},
		"Maven qualifiers":                     {"Maven", "1.0-SNAPSHOT", "1.0", -1},
		"Maven's final is nothing":             {"Maven", "1.0.Final", "1.0", 0},
		"a Gem pre-release":                    {"RubyGems", "1.0.0.rc1", "1.0.0", -1},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := Compare(c.ecosystem, c.a, c.b)
			if err != nil || got != c.want {
				t.Errorf("Compare(%q, %q) = %d, %v, want %d", c.a, c.b, got, err, c.want)
			}
		})
	}
}

func TestCompareRefuses(t *testing.T) {
	for name, c := range map[string]struct{ ecosystem, version string }{
		"nothing":                {"npm", ""},
		"a word":                 {"Maven", "unspecified"},
		"a variable":             {"Maven", "${version.1}"},
		"ten thousand digits":    {"Debian:12", strings.Repeat("1", 10_000)},
		"invalid UTF-8":          {"PyPI", "1.0\xff"},
		"an unknown ecosystem":   {"Nowhere", "1.0"},
		"a Debian version of it": {"Debian:12", "x:1-1"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Compare(c.ecosystem, c.version, "1.0")
			if _, ok := errors.AsType[*VersionError](err); !ok {
				t.Fatalf("got %v, want a VersionError", err)
			}
			if len(err.Error()) > 300 {
				t.Errorf("the message has %d bytes", len(err.Error()))
			}
		})
	}
}

var ecosystems = []string{"Debian:12", "Ubuntu:22.04:LTS", "Alpine:v3.19", "AlmaLinux:9", "npm", "PyPI", "Go", "Maven", "RubyGems", "Packagist", "crates.io", "NuGet"}

// TestCompareOrder draws versions and demands an order: reflexive and antisymmetric.
func TestCompareOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ecosystem := rapid.SampledFrom(ecosystems).Draw(t, "ecosystem")
		version := rapid.StringMatching(`([0-9]:)?[0-9]{1,3}(\.[0-9]{1,3}){0,3}([a-z]|~rc[0-9]|-r?[0-9]|_p[0-9]|\+[a-z0-9]{1,3}|-(alpha|beta|rc)\.?[0-9]|\.post[0-9]|\.dev[0-9]){0,2}`)
		a, b := version.Draw(t, "a"), version.Draw(t, "b")
		same, err := Compare(ecosystem, a, a)
		if err != nil {
			return
		}
		if same != 0 {
			t.Fatalf("%q is not itself: %d", a, same)
		}
		ab, err1 := Compare(ecosystem, a, b)
		ba, err2 := Compare(ecosystem, b, a)
		if err1 != nil || err2 != nil {
			return
		}
		if ab != -ba {
			t.Fatalf("%s: %q to %q is %d, back %d", ecosystem, a, b, ab, ba)
		}
	})
}

func FuzzCompare(f *testing.F) {
	for i, e := range ecosystems {
		f.Add(i, "1.0-1", "2:1.0~rc1+dfsg-1")
		f.Add(i, "v1.2.3-alpha.1+build", "1.0.Final-SNAPSHOT")
		_ = e
	}
	f.Fuzz(func(t *testing.T, i int, a, b string) {
		ecosystem := ecosystems[uint(i)%uint(len(ecosystems))]
		if _, err := Compare(ecosystem, a, b); err == nil {
			if got, err := Compare(ecosystem, a, a); err != nil || got != 0 {
				t.Errorf("%s: %q is not itself: %d, %v", ecosystem, a, got, err)
			}
		}
	})
}
