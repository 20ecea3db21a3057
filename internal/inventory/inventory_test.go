package inventory_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/boltseal/boltseal/internal/inventory"
)

func TestEcosystem(t *testing.T) {
	for release, want := range map[string]string{
		"ID=debian\nVERSION_ID=\"12\"\n":                                                          "Debian:12",
		"ID=debian\nVERSION_CODENAME=trixie\nPRETTY_NAME=\"Debian trixie/sid\"\n":                 "Debian:13",
		"ID=debian\nVERSION_CODENAME=sid\n":                                                       "Debian",
		"ID=ubuntu\nVERSION_ID=\"22.04\"\nVERSION=\"22.04.3 LTS (Jammy Jellyfish)\"\n":            "Ubuntu:22.04:LTS",
		"ID=ubuntu\nVERSION_ID=\"23.10\"\n":                                                       "Ubuntu:23.10",
		"ID=ubuntu\nVERSION_ID=\"21.04\"\n":                                                       "Ubuntu:21.04",
		"ID=alpine\nVERSION_ID=3.19.1\n":                                                          "Alpine:v3.19",
		"ID=alpine\nVERSION_ID=3.20_alpha20240329\n":                                              "Alpine:edge",
		"ID=wolfi\nVERSION_ID=\"20230201\"\n":                                                     "Wolfi",
		"ID=\"almalinux\"\nVERSION_ID=\"9.3\"\n":                                                  "AlmaLinux:9",
		"ID=\"rocky\"\nVERSION_ID='8.9'\n":                                                        "Rocky Linux:8",
		"ID=\"rhel\"\nVERSION_ID=\"9.3\"\n":                                                       "Red Hat:enterprise_linux:9",
		"ID=\"sles\"\nVERSION_ID=\"15.5\"\nPRETTY_NAME=\"SUSE Linux Enterprise Server 15 SP5\"\n": "SUSE:Linux Enterprise Server 15 SP5",
		"ID=\"opensuse-leap\"\nVERSION_ID=\"15.5\"\n":                                             "openSUSE:Leap 15.5",
		"ID=\"openEuler\"\nVERSION_ID=\"24.03\"\nVERSION=\"24.03 (LTS-SP1)\"\n":                   "openEuler:24.03-LTS-SP1",
		"ID=azurelinux\nVERSION_ID=\"3.0\"\n":                                                     "Azure Linux:3",
		"ID=void\n":                                                                               "void",
		"":                                                                                        "",
		"NAME=x":                                                                                  "",
	} {
		if got := inventory.ParseOSRelease([]byte(release)).Ecosystem(); got != want {
			t.Errorf("%q: got %q, want %q", release, got, want)
		}
	}
}

func TestParseOSRelease(t *testing.T) {
	got := inventory.ParseOSRelease([]byte("# comment\r\nID=x\r\nPRETTY_NAME=\"a \\\"b\\\" \\$c\"\nVERSION_ID='1'\nBROKEN\n=\nID_LIKE=y\n"))
	want := inventory.Distro{ID: "x", VersionID: "1", Pretty: `a "b" $c`}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func FuzzParseOSRelease(f *testing.F) {
	f.Add([]byte("ID=debian\nVERSION_ID=\"12\"\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		d := inventory.ParseOSRelease(data)
		if n := len(d.Ecosystem()); n > 3000 {
			t.Errorf("an ecosystem of %d bytes", n)
		}
	})
}

func TestNormalName(t *testing.T) {
	for _, c := range []struct{ family, name, want string }{
		{"PyPI", "Zope.Interface", "zope-interface"},
		{"PyPI", "a__b--c..d", "a-b-c-d"},
		{"NuGet", "Newtonsoft.Json", "newtonsoft.json"},
		{"Packagist", "Drupal/Core", "drupal/core"},
		{"npm", "JSONStream", "JSONStream"},
		{"Go", "github.com/Azure/x", "github.com/Azure/x"},
	} {
		if got := inventory.NormalName(c.family, c.name); got != c.want {
			t.Errorf("%s %q: got %q, want %q", c.family, c.name, got, c.want)
		}
	}
}

func TestPURL(t *testing.T) {
	debian := inventory.Distro{ID: "debian", VersionID: "12"}
	for got, want := range map[string]string{
		inventory.LanguagePURL("npm", "@babel/core", "7.0.0"):                                                                 "pkg:npm/%40babel/core@7.0.0",
		inventory.LanguagePURL("npm", "lodash", ""):                                                                           "pkg:npm/lodash",
		inventory.LanguagePURL("PyPI", "Zope.Interface", "1.0"):                                                               "pkg:pypi/zope-interface@1.0",
		inventory.LanguagePURL("Maven", "org.slf4j:slf4j-api", "2.0"):                                                         "pkg:maven/org.slf4j/slf4j-api@2.0",
		inventory.LanguagePURL("Go", "golang.org/x/net", "0.7.0"):                                                             "pkg:golang/golang.org/x/net@v0.7.0",
		inventory.LanguagePURL("Go", "stdlib", "1.22.1"):                                                                      "pkg:golang/stdlib@1.22.1",
		inventory.LanguagePURL("CocoaPods", "AFNetworking", "4.0.1"):                                                          "pkg:cocoapods/AFNetworking@4.0.1",
		inventory.QualifiedPURL("Julia", "Dates", "1.9.0", map[string]string{"uuid": "ade2ca70-3891-5945-98fb-dc099432e06a"}): "pkg:julia/Dates@1.9.0?uuid=ade2ca70-3891-5945-98fb-dc099432e06a",
		inventory.LanguagePURL("JSR", "@std/assert", "1.0.19"):                                                                "pkg:jsr/%40std/assert@1.0.19",
		inventory.LanguagePURL("Unheard of", "x", "1"):                                                                        "",
		inventory.OSPURL(inventory.Deb, debian, "libstdc++6", "12.2.0-14", "amd64"):                                           "pkg:deb/debian/libstdc%2B%2B6@12.2.0-14?arch=amd64&distro=debian-12",
		inventory.OSPURL(inventory.RPM, inventory.Distro{ID: "rocky"}, "a", "1:2-3", ""):                                      "pkg:rpm/rocky/a@2-3?epoch=1",
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestLookups(t *testing.T) {
	source := &inventory.Source{Name: "src", Version: "2"}
	for name, c := range map[string]struct {
		p    inventory.Package
		want string
	}{
		"a language's package":        {inventory.Package{Ecosystem: "npm", Name: "a", Version: "1", Source: source}, "a 1"},
		"Debian":                      {inventory.Package{Ecosystem: "Debian:12", Name: "a", Version: "1", Source: source}, "src 2"},
		"Debian, the same version":    {inventory.Package{Ecosystem: "Debian:12", Name: "a", Version: "1", Source: &inventory.Source{Name: "src"}}, "src 1"},
		"Debian without a source":     {inventory.Package{Ecosystem: "Debian:12", Name: "a", Version: "1"}, "a 1"},
		"AlmaLinux":                   {inventory.Package{Ecosystem: "AlmaLinux:9", Name: "a", Version: "1", Source: source}, "a 1, src 2"},
		"AlmaLinux, source is itself": {inventory.Package{Ecosystem: "AlmaLinux:9", Name: "src", Version: "2", Source: source}, "src 2"},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, l := range c.p.Lookups() {
				got = append(got, l.Name+" "+l.Version)
			}
			if s := strings.Join(got, ", "); s != c.want {
				t.Errorf("got %q, want %q", s, c.want)
			}
		})
	}
}

func TestDistroPackageKind(t *testing.T) {
	for text, want := range map[string]string{
		"ID=debian\nVERSION_ID=12":          "deb Debian 12",
		"ID=ubuntu\nVERSION_ID=22.04":       "deb Ubuntu 22.04",
		"ID=wolfi\nVERSION_ID=20230201":     "apk Wolfi 20230201",
		"ID=rhel\nVERSION_ID=9.3":           "rpm Red Hat 9.3",
		"ID=opensuse-leap\nVERSION_ID=15.5": "rpm openSUSE 15.5",
		"ID=arch\nBUILD_ID=rolling":         "alpm arch",
		"ID=gentoo\nVERSION_ID=2.17":        "ebuild gentoo 2.17",
		"ID=buildroot":                      " buildroot",
		"":                                  " ",
	} {
		d := inventory.ParseOSRelease([]byte(text))
		if got := string(d.PackageKind()) + " " + d.String(); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}
