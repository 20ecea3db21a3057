package inventory

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSourcedPURLIsReadBack(t *testing.T) {
	for name, p := range map[string]Package{
		"a source of another name and version": {Name: "libssl3", Version: "3.0.11-1+b1", PURL: "pkg:deb/debian/libssl3@3.0.11-1%2Bb1?arch=amd64&distro=debian-12", Source: &Source{"openssl", "3.0.11-1"}},
		"a source with an epoch":               {Name: "bsdutils", Version: "1:2.38.1-5", PURL: "pkg:deb/debian/bsdutils@1:2.38.1-5?distro=debian-12", Source: &Source{"util-linux", "2.38.1-5"}},
		"a source of Alpine":                   {Name: "libcrypto3", Version: "3.1.4-r1", PURL: "pkg:apk/alpine/libcrypto3@3.1.4-r1?distro=alpine-3.19", Source: &Source{"openssl", "3.1.4-r1"}},
		"a source rpm":                         {Name: "openssl-libs", Version: "1:3.0.7-24.el9", PURL: "pkg:rpm/almalinux/openssl-libs@3.0.7-24.el9?distro=almalinux-9.3&epoch=1", Source: &Source{"openssl", "1:3.0.7-24.el9"}},
		"a source of Arch":                     {Name: "gcc-libs", Version: "13.2.1-3", PURL: "pkg:alpm/arch/gcc-libs@13.2.1-3?arch=x86_64", Source: &Source{"gcc", ""}},
		"no source":                            {Name: "tar", Version: "1.34", PURL: "pkg:deb/debian/tar@1.34?distro=debian-12"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := FromPURL(p.SourcedPURL(), Distro{})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(p.Source, got.Source); diff != "" {
				t.Errorf("%s: %s", p.SourcedPURL(), diff)
			}
			if got.Name != p.Name || got.Version != p.Version {
				t.Errorf("got %s %s", got.Name, got.Version)
			}
			if again := got.SourcedPURL(); again != p.SourcedPURL() {
				t.Errorf("%s becomes %s", p.SourcedPURL(), again)
			}
		})
	}
	for _, url := range []string{"", "no URL", "pkg:npm/x@1"} {
		if p := (Package{PURL: url, Source: &Source{Name: "y"}}); p.SourcedPURL() != url {
			t.Errorf("%q became %q", url, p.SourcedPURL())
		}
	}
}
