package packages_test

import (
	"testing"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/scan"
	"github.com/boltseal/boltseal/internal/scan/scantest"
	"github.com/boltseal/boltseal/internal/scanner/packages"
)

// TestMissingDatabase holds that an image that names a distribution without a
// package of it is no clean image.
func TestMissingDatabase(t *testing.T) {
	status := read(t, "image/dpkg-status")
	release := scantest.Text("etc/os-release", debian12)
	hardlink := func(path, to string) scantest.File {
		return scantest.File{Entry: scan.Entry{Path: path, Kind: scan.Hardlink, Link: to}}
	}
	const none = "etc/os-release names Debian 12, but no package database could be read"
	for name, c := range map[string]struct {
		files []scantest.File
		want  string // "" for a whole scan
	}{
		"a database":                     {[]scantest.File{release, scantest.Text("var/lib/dpkg/status", status)}, ""},
		"none":                           {[]scantest.File{release}, none},
		"none, and a module":             {[]scantest.File{release, scantest.Text("a/node_modules/b/package.json", `{"name":"b","version":"1.0.0"}`)}, none},
		"a link to one":                  {[]scantest.File{release, scantest.Text("opt/status", status), link("var/lib/dpkg/status", "/opt/status")}, none + ": var/lib/dpkg/status is a link to opt/status, which is not read"},
		"a link to a folder of one":      {[]scantest.File{release, scantest.Text("opt/dpkg/status", status), link("var/lib/dpkg", "../../opt/dpkg")}, none + ": var/lib/dpkg/status is a link to opt/dpkg/status, which is not read"},
		"a hard link to one":             {[]scantest.File{release, scantest.Text("opt/status", status), hardlink("var/lib/dpkg/status", "opt/status")}, none + ": var/lib/dpkg/status is a link to opt/status, which is not read"},
		"a link to nowhere":              {[]scantest.File{release, link("var/lib/dpkg/status", "/gone")}, none},
		"entries without a version":      {[]scantest.File{release, scantest.Text("var/lib/dpkg/status", "Package: a\nStatus: install ok installed\nArchitecture: all\n")}, none},
		"an empty rpm database":          {[]scantest.File{scantest.Text("etc/os-release", "ID=rocky\nVERSION_ID=9.3\n"), scantest.Text("var/lib/rpm/rpmdb.sqlite", "")}, "etc/os-release names Rocky Linux 9.3, but no package database could be read"},
		"apk packages of a Debian":       {[]scantest.File{release, scantest.Text("lib/apk/db/installed", read(t, "image/apk-installed"))}, none},
		"an Alpine without one":          {[]scantest.File{scantest.Text("usr/lib/os-release", "ID=alpine\nVERSION_ID=3.18.4\n")}, "usr/lib/os-release names Alpine 3.18.4, but no package database could be read"},
		"a distribution without any":     {[]scantest.File{scantest.Text("etc/os-release", "ID=buildroot\n")}, ""},
		"no distribution":                {[]scantest.File{scantest.Text("bin/x", "x")}, ""},
		"a link to an unread os-release": {[]scantest.File{scantest.Text("opt/release", debian12), link("etc/os-release", "/opt/release")}, "the distribution is not known: etc/os-release is a link to opt/release, which is not read"},
	} {
		t.Run(name, func(t *testing.T) {
			res := run(t, scantest.Image("x", nil, layer("1", c.files...)), packages.Options{DB: advisories(t)})
			if c.want == "" {
				if res.Status == finding.StatusPartial || len(res.Errors) > 0 {
					t.Errorf("status %s: %q", res.Status, res.Errors)
				}
				return
			}
			if res.Status != finding.StatusPartial || len(res.Errors) == 0 || res.Errors[len(res.Errors)-1] != c.want && res.Errors[0] != c.want {
				t.Errorf("status %s: %q, want %q", res.Status, res.Errors, c.want)
			}
		})
	}
	deleted := scantest.Image("x", nil, layer("1", release, scantest.Text("var/lib/dpkg/status", status)), layer("2", whiteout("var/lib/dpkg/status")))
	same(t, "deleted", []string{none}, run(t, deleted, packages.Options{DB: advisories(t)}).Errors)
}
