package inventory_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/boltseal/boltseal/internal/inventory"
)

func TestFromPURL(t *testing.T) {
	alpine := inventory.Distro{ID: "alpine", VersionID: "3.18.4"}
	source := func(name, version string) *inventory.Source { return &inventory.Source{Name: name, Version: version} }
	tests := map[string]struct {
		ecosystem, name, version string
		source                   *inventory.Source
	}{
		"pkg:npm/%40babel/core@7.24.0":                                    {"npm", "@babel/core", "7.24.0", nil},
		"pkg:npm/lodash@4.17.4":                                           {"npm", "lodash", "4.17.4", nil},
		"pkg:pypi/Zope.Interface@5":                                       {"PyPI", "zope.interface", "5", nil},
		"pkg:golang/github.com/Masterminds/semver/v3@v3.2.1":              {"Go", "github.com/Masterminds/semver/v3", "3.2.1", nil},
		"pkg:golang/golang.org/x/net@v0.17.0?type=module#http2":           {"Go", "golang.org/x/net", "0.17.0", nil},
		"pkg:golang/stdlib@1.21.0":                                        {"Go", "stdlib", "1.21.0", nil},
		"pkg:maven/org.apache.logging.log4j/log4j-core@2.17.1":            {"Maven", "org.apache.logging.log4j:log4j-core", "2.17.1", nil},
		"pkg:composer/laravel/framework@5.5.0":                            {"Packagist", "laravel/framework", "5.5.0", nil},
		"pkg:gem/rails@7.0":                                               {"RubyGems", "rails", "7.0", nil},
		"pkg:cargo/time@0.1":                                              {"crates.io", "time", "0.1", nil},
		"pkg:nuget/Newtonsoft.Json@12.0.1":                                {"NuGet", "Newtonsoft.Json", "12.0.1", nil},
		"pkg:cocoapods/ShareKit@2.0#Twitter":                              {"CocoaPods", "ShareKit", "2.0", nil},
		"pkg:julia/Dates@1.9.0?uuid=ade2ca70-3891-5945-98fb-dc099432e06a": {"Julia", "Dates", "1.9.0", nil},
		"pkg:opam/ocaml-base-compiler@5.2.0":                              {"opam", "ocaml-base-compiler", "5.2.0", nil},
		"pkg:conda/absl-py@0.4.1?build=py36h06a4308_0&channel=main&subdir=linux-64&type=tar.bz2": {"conda", "absl-py", "0.4.1", nil},
		"pkg:cpan/libwww-perl@6.76?author=OALDERS":                                               {"CPAN", "libwww-perl", "6.76", nil},
		"pkg:luarocks/hisham/luafilesystem@1.8.0-1":                                              {"LuaRocks", "hisham/luafilesystem", "1.8.0-1", nil},
		"pkg:npm/lodash": {"npm", "lodash", "", nil},
		"pkg:deb/debian/libssl3@3.0.11-1?distro=debian-12&upstream=openssl": {"Debian:12", "libssl3", "3.0.11-1", source("openssl", "")},
		"pkg:deb/debian/a@2?distro=debian-12.4&upstream=b@1":                {"Debian:12", "a", "2", source("b", "1")},
		"pkg:deb/debian/a@1%3A2?distro=bookworm":                            {"Debian:12", "a", "1:2", nil},
		"pkg:deb/debian/a@2?distro=debian-bookworm&epoch=1":                 {"Debian:12", "a", "1:2", nil},
		"pkg:deb/ubuntu/a@2?distro=ubuntu-22.04":                            {"Ubuntu:22.04:LTS", "a", "2", nil},
		"pkg:deb/debian/a@2":                                                {"Debian", "a", "2", nil},
		"pkg:apk/alpine/musl@1.2?arch=x86_64&distro=3.19.1":                 {"Alpine:v3.19", "musl", "1.2", nil},
		"pkg:apk/alpine/musl@1.2?distro=alpine-3.19.1&upstream=musl":        {"Alpine:v3.19", "musl", "1.2", source("musl", "")},
		"pkg:apk/alpine/musl@1.2":                                           {"Alpine:v3.18", "musl", "1.2", nil},
		"pkg:apk/wolfi/musl@1.2?distro=wolfi-20230201":                      {"Wolfi", "musl", "1.2", nil},
		"pkg:rpm/rocky/openssl-libs@3.0.7-24.el9?arch=x86_64&epoch=1&upstream=openssl-3.0.7-24.el9.src.rpm&distro=rocky-9.3": {
			"Rocky Linux:9", "openssl-libs", "1:3.0.7-24.el9", source("openssl", "1:3.0.7-24.el9"),
		},
		"pkg:rpm/redhat/bash@5-1?epoch=0&distro=rhel-9.3":          {"Red Hat:enterprise_linux:9", "bash", "5-1", nil},
		"pkg:rpm/amazon/bash@5-1?distro=amazon-2":                  {"Amazon Linux:2", "bash", "5-1", nil},
		"pkg:rpm/opensuse/bash@5-1?distro=opensuse-leap-15.5":      {"openSUSE:Leap 15.5", "bash", "5-1", nil},
		"pkg:rpm/opensuse/bash@5-1?distro=opensuse-tumbleweed":     {"openSUSE:Tumbleweed", "bash", "5-1", nil},
		"pkg:rpm/openEuler/bash@5-1?distro=openEuler-24.03":        {"openEuler:24.03", "bash", "5-1", nil},
		"pkg:alpm/arch/pacman@6.0.1-1?arch=x86_64":                 {"arch", "pacman", "6.0.1-1", nil},
		"pkg:alpm/arch/gcc-libs@1:13-3?upstream=gcc":               {"arch", "gcc-libs", "1:13-3", source("gcc", "")},
		"pkg:ebuild/app-shells/bash@5.1_p16-r1":                    {"gentoo", "app-shells/bash", "5.1_p16-r1", nil},
		"pkg:ebuild/app-shells/bash@5.1_p16-r1?distro=gentoo-2.17": {"gentoo:2.17", "app-shells/bash", "5.1_p16-r1", nil},
		"pkg:rpm/x/bash@5-1?upstream=no.rpm":                       {"x", "bash", "5-1", nil},
	}
	for purl, tt := range tests {
		t.Run(purl, func(t *testing.T) {
			got, err := inventory.FromPURL(purl, alpine)
			if err != nil {
				t.Fatal(err)
			}
			want := inventory.Package{Ecosystem: tt.ecosystem, Name: tt.name, Version: tt.version, Source: tt.source, PURL: purl}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestPURLsThatNameNothing(t *testing.T) {
	for _, purl := range []string{
		"", "lodash", "pkg:", "pkg:npm", "pkg:npm/", "http://npm/x", "pkg:npm/x@1?=%", "pkg:golang/", "pkg:npm/%zz", "pkg:npm/" + strings.Repeat("x", 5000),
	} {
		if p, err := inventory.FromPURL(purl, inventory.Distro{}); err == nil {
			t.Errorf("%q names %+v", purl[:min(len(purl), 50)], p)
		}
	}
	_, err := inventory.FromPURL("pkg:oci/alpine@sha256%3A0", inventory.Distro{})
	if e, ok := errors.AsType[*inventory.PURLTypeError](err); !ok || e.Type != "oci" {
		t.Errorf("of a type that is not known: %v", err)
	}
}

// TestPURLsComeBack reads what the package writes itself.
func TestPURLsComeBack(t *testing.T) {
	for _, p := range []inventory.Package{
		{Ecosystem: "npm", Name: "@babel/core", Version: "7.24.0"},
		{Ecosystem: "Go", Name: "github.com/Masterminds/semver", Version: "1.5.0"},
		{Ecosystem: "Maven", Name: "a.b:c", Version: "1"},
		{Ecosystem: "PyPI", Name: "zope-interface", Version: "5"},
	} {
		got, err := inventory.FromPURL(inventory.LanguagePURL(p.Ecosystem, p.Name, p.Version), inventory.Distro{})
		if got.PURL = ""; err != nil || cmp.Diff(p, got) != "" {
			t.Errorf("%+v came back as %+v, %v", p, got, err)
		}
	}
	d := inventory.Distro{ID: "rocky", VersionID: "9.3"}
	got, err := inventory.FromPURL(inventory.OSPURL(inventory.RPM, d, "a", "1:2-3", "x86_64"), inventory.Distro{})
	if err != nil || got.Ecosystem != "Rocky Linux:9" || got.Version != "1:2-3" {
		t.Errorf("an rpm came back as %+v, %v", got, err)
	}
	d = inventory.Distro{ID: "gentoo", VersionID: "2.17"}
	got, err = inventory.FromPURL(inventory.OSPURL(inventory.Portage, d, "app-shells/bash", "5.1_p16-r1", ""), inventory.Distro{})
	if err != nil || got.Ecosystem != "gentoo:2.17" || got.Name != "app-shells/bash" {
		t.Errorf("an ebuild came back as %+v, %v", got, err)
	}
	got, err = inventory.FromPURL(inventory.OSPURL(inventory.Pacman, inventory.Distro{ID: "arch"}, "openssl", "1:3.2.1-1", "x86_64"), inventory.Distro{})
	if err != nil || got.Ecosystem != "arch" || got.Version != "1:3.2.1-1" {
		t.Errorf("a package of pacman came back as %+v, %v", got, err)
	}
}

func FuzzFromPURL(f *testing.F) {
	f.Add("pkg:deb/debian/libssl3@3.0.11-1?distro=debian-12&upstream=openssl")
	f.Add("pkg:golang/github.com/X/y@v1#sub")
	f.Add("pkg:rpm/a/b@c?upstream=--.src.rpm&epoch=:&distro=-")
	f.Fuzz(func(t *testing.T, text string) {
		p, err := inventory.FromPURL(text, inventory.Distro{ID: "debian", VersionID: "12"})
		if err == nil && p.Name == "" {
			t.Errorf("%q has no name", text)
		}
	})
}
