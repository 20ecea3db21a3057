package packages_test

import (
	"testing"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/inventory"
	"github.com/boltseal/boltseal/internal/scan/scantest"
	"github.com/boltseal/boltseal/internal/scanner/packages"
)

const (
	archLinux = "NAME=\"Arch Linux\"\nPRETTY_NAME=\"Arch Linux\"\nID=arch\nBUILD_ID=rolling\n"
	gentoo    = "NAME=Gentoo\nID=gentoo\nPRETTY_NAME=\"Gentoo Linux\"\nVERSION_ID=2.17\n"
	six       = "Metadata-Version: 2.1\nName: six\nVersion: 1.16.0\n"
)

// TestArchImage lists what pacman has installed, in the form of
// https://alpm.archlinux.page/specifications/alpm-db-desc.5.html.
func TestArchImage(t *testing.T) {
	const local = "var/lib/pacman/local/"
	img := scantest.Image("shop", nil,
		layer("FROM", scantest.Text("usr/lib/os-release", archLinux), link("etc/os-release", "../usr/lib/os-release"),
			scantest.Text(local+"ALPM_DB_VERSION", "9\n"),
			scantest.Text(local+"gcc-libs-13.2.1-3/desc", "%NAME%\ngcc-libs\n\n%VERSION%\n13.2.1-3\n\n%BASE%\ngcc\n\n%DESC%\nRuntime libraries\n\n%ARCH%\nx86_64\n\n%LICENSE%\nGPL-3.0-or-later\nGFDL-1.3-or-later\n\n%DEPENDS%\nglibc>=2.27\n"),
			scantest.Text(local+"gcc-libs-13.2.1-3/files", "%FILES%\nusr/\nusr/lib/\n"),
			scantest.Text(local+"openssl-1:3.2.0-1/desc", "%NAME%\r\nopenssl\r\n\r\n%VERSION%\r\n1:3.2.0-1\r\n\r\n%ARCH%\r\nx86_64\r\n"),
			scantest.Text(local+"python-six-1.16.0-9/desc", "%NAME%\npython-six\n\n%VERSION%\n1.16.0-9\n\n%BASE%\npython-six\n\n%ARCH%\nany\n"),
			scantest.Text(local+"python-six-1.16.0-9/files", "%FILES%\nusr/\nusr/lib/python3.11/site-packages/six-1.16.0.dist-info/METADATA\n"),
			scantest.Text("usr/lib/python3.11/site-packages/six-1.16.0.dist-info/METADATA", six)),
		layer("RUN pacman -Syu",
			whiteout(local+"openssl-1:3.2.0-1"),
			scantest.Text(local+"openssl-1:3.2.1-1/desc", "%NAME%\nopenssl\n\n%VERSION%\n1:3.2.1-1\n\n%ARCH%\nx86_64\n")),
		layer("RUN pip install six", scantest.Text("usr/local/lib/python3.11/site-packages/six-1.16.0.dist-info/METADATA", six)),
	)
	res := run(t, img, packages.Options{DB: advisories(t)})
	same(t, "packages", []string{
		// What pacman brought is compared with PyPI's advisories: there are no others.
		"PyPI six 1.16.0: FROM", "PyPI six 1.16.0: RUN pip install six", "arch gcc-libs 13.2.1-3: FROM", "arch openssl 1:3.2.1-1: RUN pacman -Syu", "arch python-six 1.16.0-9: FROM",
	}, where(res))
	if len(res.Packages) != 5 {
		return
	}
	same(t, "a package", inventory.Package{
		Target: "oci-dir:shop", Ecosystem: "arch", Name: "gcc-libs", Version: "13.2.1-3", Source: &inventory.Source{Name: "gcc"},
		PURL: "pkg:alpm/arch/gcc-libs@13.2.1-3?arch=x86_64", Paths: []string{local + "gcc-libs-13.2.1-3/desc"},
		Layer: res.Target.Image.Layers[0].Digest, Licenses: []string{"GPL-3.0-or-later", "GFDL-1.3-or-later"},
	}, res.Packages[2])
	same(t, "purl with an epoch", "pkg:alpm/arch/openssl@1:3.2.1-1?arch=x86_64", res.Packages[3].PURL)
	same(t, "errors", []string{"the database has no advisories for arch (3 packages not checked): OSV publishes none"}, res.Errors)
	same(t, "status", finding.StatusPartial, res.Status)
	same(t, "notes", []string{noKEV}, res.Notes)
}

// TestGentooImage lists what portage has installed. A name can look like a version to
// those who do not know the rules of versions.
func TestGentooImage(t *testing.T) {
	const db = "var/db/pkg/"
	img := scantest.Image("shop", nil, layer("FROM",
		scantest.Text("etc/os-release", gentoo),
		scantest.Text(db+"app-shells/bash-5.1_p16-r1/PF", "bash-5.1_p16-r1\n"),
		scantest.Text(db+"media-fonts/font-adobe-100dpi-1.0.4/PF", "font-adobe-100dpi-1.0.4\n"),
		scantest.Text(db+"dev-libs/libx11-1.2a_rc1_p3/PF", "libx11-1.2a_rc1_p3"),
		scantest.Text(db+"dev-python/six-1.16.0-r1/PF", "six-1.16.0-r1\n"),
		scantest.Text(db+"dev-python/six-1.16.0-r1/CONTENTS", "dir /usr\nobj /usr/lib/python3.11/site-packages/six-1.16.0.dist-info/METADATA d41d8cd98f00b204e9800998ecf8427e 1700000000\n"+
			"sym /usr/lib/python3.12/site-packages/six-1.16.0.dist-info/METADATA -> ../x 1700000000\n"),
		scantest.Text(db+"dev-python/-MERGING-idna-3.4/PF", "idna-3.4\n"),
		scantest.Text(db+"dev-python/six-1.16.0-r1/CATEGORY", "dev-python\n"),
		scantest.Text("usr/lib/python3.11/site-packages/six-1.16.0.dist-info/METADATA", six),
		scantest.Text("usr/lib/python3.12/site-packages/six-1.16.0.dist-info/METADATA", six)))
	res := run(t, img, packages.Options{DB: advisories(t)})
	same(t, "packages", []string{
		"PyPI six 1.16.0: FROM", "gentoo:2.17 app-shells/bash 5.1_p16-r1: FROM", "gentoo:2.17 dev-libs/libx11 1.2a_rc1_p3: FROM",
		"gentoo:2.17 dev-python/six 1.16.0-r1: FROM", "gentoo:2.17 media-fonts/font-adobe-100dpi 1.0.4: FROM",
	}, where(res))
	if len(res.Packages) > 1 {
		same(t, "purl", "pkg:ebuild/app-shells/bash@5.1_p16-r1?distro=gentoo-2.17", res.Packages[1].PURL)
	}
	same(t, "errors", []string{"the database has no advisories for gentoo:2.17 (4 packages not checked): OSV publishes none"}, res.Errors)
	same(t, "notes", []string{noKEV}, res.Notes)
}

// TestBrokenDistroPackages wants a place and a reason for each file that cannot be read,
// and what was read beside it.
func TestBrokenDistroPackages(t *testing.T) {
	for name, c := range map[string]struct {
		release, path, text string
		want                []string
	}{
		"pacman, no version": {
			archLinux, "var/lib/pacman/local/a-1-1/desc", "%NAME%\na\n\n%VERSION%\n",
			[]string{"var/lib/pacman/local/a-1-1/desc: reading pacman package: it names no package with a version"},
		},
		"pacman, no name": {
			archLinux, "var/lib/pacman/local/a-1-1/desc", "%VERSION%\n1-1\n",
			[]string{"var/lib/pacman/local/a-1-1/desc: reading pacman package: it names no package with a version"},
		},
		"no pacman": {archLinux, "bin/x", "x", []string{"etc/os-release names arch, but no package database could be read"}},
		"portage, no version": {
			gentoo, "var/db/pkg/app-misc/a-1/PF", "a-x1\n",
			[]string{"var/db/pkg/app-misc/a-1/PF: reading portage package: it names no package with a version"},
		},
		"portage, a long name": {
			gentoo, "var/db/pkg/app-misc/a-1/PF", "a-1" + string(make([]byte, 5000)),
			[]string{"var/db/pkg/app-misc/a-1/PF: reading portage package: more text than a name has"},
		},
		"no portage": {gentoo, "bin/x", "x", []string{"etc/os-release names gentoo 2.17, but no package database could be read"}},
	} {
		t.Run(name, func(t *testing.T) {
			res := run(t, scantest.Image("x", nil, layer("1", scantest.Text("etc/os-release", c.release), scantest.Text(c.path, c.text),
				scantest.Text("app/node_modules/b/package.json", `{"name":"b","version":"1.0.0"}`))), packages.Options{DB: advisories(t)})
			same(t, "errors", c.want, res.Errors)
			same(t, "packages", []string{"npm b 1.0.0 app/node_modules/b/package.json"}, list(res))
			same(t, "status", finding.StatusPartial, res.Status)
		})
	}
}
