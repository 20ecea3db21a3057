package packages_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/inventory"
	"github.com/boltseal/boltseal/internal/scan"
	"github.com/boltseal/boltseal/internal/scan/scantest"
	"github.com/boltseal/boltseal/internal/scanner/packages"
)

const debian12 = "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nID=debian\nVERSION_ID=\"12\"\nVERSION_CODENAME=bookworm\n"

func layer(instruction string, files ...scantest.File) scantest.Layer {
	return scantest.Layer{Instruction: instruction, Files: files}
}

func link(path, to string) scantest.File {
	return scantest.File{Entry: scan.Entry{Path: path, Kind: scan.Symlink, Link: to}}
}

func whiteout(path string) scantest.File {
	return scantest.File{Entry: scan.Entry{Path: path, Kind: scan.Whiteout}}
}

// where writes packages as "ecosystem name version layer", with the layer's
// instruction for its digest.
func where(res scan.Result) []string {
	var out []string
	for _, p := range res.Packages {
		at := ""
		for _, l := range res.Target.Image.Layers {
			if l.Digest == p.Layer {
				at = l.Instruction
			}
		}
		out = append(out, fmt.Sprintf("%s %s %s: %s", p.Ecosystem, p.Name, p.Version, at))
	}
	return out
}

func TestDebianImage(t *testing.T) {
	status := read(t, "image/dpkg-status")
	added := status + "\nPackage: curl\nStatus: install ok installed\nArchitecture: amd64\nVersion: 7.88.1-10+deb12u4\nDescription: x\n"
	img := scantest.Image("shop", nil,
		layer("FROM", scantest.Text("usr/lib/os-release", debian12), link("etc/os-release", "../usr/lib/os-release"),
			scantest.Text("var/lib/dpkg/status", status),
			scantest.Text("var/lib/dpkg/info/python3-requests.list", "/.\n/usr\n/usr/lib/python3/dist-packages/requests-2.28.1.egg-info/PKG-INFO\n"),
			scantest.Text("usr/lib/python3/dist-packages/requests-2.28.1.egg-info/PKG-INFO", "Metadata-Version: 2.1\nName: requests\nVersion: 2.28.1\n")),
		layer("RUN apt-get install curl", scantest.Text("var/lib/dpkg/status", added)),
		layer("RUN npm ci",
			scantest.Text("app/package-lock.json", read(t, "tree/package-lock.json")),
			scantest.Text("app/node_modules/lodash/package.json", `{"name":"lodash","version":"4.17.20","author":7}`),
			scantest.Text("app/node_modules/lodash/test/package.json", `not JSON`),
			scantest.Text("app/node_modules/@a/b/package.json", `{"name":"@a/b","version":"1.0.0"}`),
			scantest.Text("app/node_modules/gone/package.json", `{"name":"gone","version":"1.0.0"}`),
			scantest.Text("usr/local/lib/python3.11/site-packages/idna-3.4.dist-info/METADATA", "Metadata-Version: 2.1\nName: idna\nVersion: 3.4\n\nlong text")),
		layer("RUN rm", whiteout("app/node_modules/gone")),
	)
	res := run(t, img, packages.Options{DB: advisories(t)})
	same(t, "packages", []string{
		"Debian:12 base-files 12.4+deb12u5: FROM",
		"Debian:12 curl 7.88.1-10+deb12u4: RUN apt-get install curl",
		"Debian:12 libpam-runtime 1.5.2-6+deb12u1: FROM",
		"Debian:12 libssl3 3.0.11-1~deb12u2: FROM",
		"Debian:12 python3-requests 2.28.1+dfsg-1: FROM",
		"PyPI idna 3.4: RUN npm ci",
		"npm @a/b 1.0.0: RUN npm ci",
		"npm lodash 4.17.20: RUN npm ci",
	}, where(res))
	if res.Status != finding.StatusOK {
		t.Errorf("status %s: %s", res.Status, res.Reason)
	}
	same(t, "notes", []string{"1 module owned by packages of the distribution and listed as those", noKEV}, res.Notes)
	if len(res.Findings) != 2 {
		t.Fatalf("findings %+v", res.Findings)
	}
	f := res.Findings[0]
	want := finding.Finding{
		Rule: "CVE-2023-5678", Scanner: "packages", Target: "oci-dir:shop", Severity: finding.Low, SeverityFrom: "vendor",
		Message:     "libssl3 3.0.11-1~deb12u2 is vulnerable: openssl: generating excessively long X9.42 DH keys",
		Remediation: "upgrade to 3.0.13-1~deb12u1 of openssl",
		Location:    finding.Location{Path: "var/lib/dpkg/status", Image: "shop", Layer: res.Target.Image.Layers[0].Digest, Instruction: "FROM"},
		Package: &inventory.Package{
			Target: "oci-dir:shop", Ecosystem: "Debian:12", Name: "libssl3", Version: "3.0.11-1~deb12u2", Source: &inventory.Source{Name: "openssl"},
			PURL: "pkg:deb/debian/libssl3@3.0.11-1~deb12u2?arch=amd64&distro=debian-12", Paths: []string{"var/lib/dpkg/status"},
			Layer: res.Target.Image.Layers[0].Digest,
		},
		Advisory: &finding.Advisory{
			ID: "DEBIAN-CVE-2023-5678", Aliases: []string{"CVE-2023-5678"}, Summary: "openssl: generating excessively long X9.42 DH keys",
			Fixed: []string{"3.0.13-1~deb12u1"}, URL: "https://osv.dev/vulnerability/DEBIAN-CVE-2023-5678",
		},
	}
	want.Identity = finding.PackageIdentity("shop", "", want.Package)
	same(t, "finding", want, f)
}

func TestAlpineImage(t *testing.T) {
	img := scantest.Image("a", nil, layer("FROM",
		scantest.Text("etc/os-release", "NAME=\"Alpine Linux\"\nID=alpine\nVERSION_ID=3.18.4\n"),
		scantest.Text("lib/apk/db/installed", read(t, "image/apk-installed")),
		scantest.Text("usr/lib/python3.11/site-packages/idna-3.4.dist-info/METADATA", "Name: idna\nVersion: 3.4\n")))
	res := run(t, img, packages.Options{DB: advisories(t)})
	same(t, "packages", []string{
		"Alpine:v3.18 libcrypto3 3.1.0-r4: FROM", "Alpine:v3.18 musl 1.2.4-r0: FROM", "Alpine:v3.18 py3-idna 3.4-r4: FROM",
	}, where(res))
	if len(res.Findings) != 1 || res.Findings[0].Rule != "CVE-2023-2975" || res.Findings[0].Severity != finding.Unknown {
		t.Errorf("findings %+v", res.Findings)
	}
	same(t, "purl", "pkg:apk/alpine/libcrypto3@3.1.0-r4?arch=x86_64&distro=alpine-3.18.4", res.Packages[0].PURL)
}

// TestAttribution gives each package the oldest layer of the unbroken line of
// databases that list it.
func TestAttribution(t *testing.T) {
	db := func(packages ...string) scantest.File {
		text := ""
		for _, p := range packages {
			name, version, _ := strings.Cut(p, " ")
			text += fmt.Sprintf("Package: %s\nStatus: install ok installed\nArchitecture: all\nVersion: %s\n\n", name, version)
		}
		return scantest.Text("var/lib/dpkg/status", text)
	}
	release := scantest.Text("etc/os-release", debian12)
	for name, c := range map[string]struct {
		layers []scantest.Layer
		want   []string
	}{
		"there from the first layer on": {
			[]scantest.Layer{layer("1", release, db("a 1")), layer("2", db("a 1", "b 1")), layer("3", db("a 1", "b 1", "c 1"))},
			[]string{"Debian:12 a 1: 1", "Debian:12 b 1: 2", "Debian:12 c 1: 3"},
		},
		"upgraded": {
			[]scantest.Layer{layer("1", release, db("a 1", "b 1")), layer("2", db("a 2", "b 1"))},
			[]string{"Debian:12 a 2: 2", "Debian:12 b 1: 1"},
		},
		"removed and back again": {
			[]scantest.Layer{layer("1", release, db("a 1")), layer("2", db("b 1")), layer("3", db("a 1", "b 1"))},
			[]string{"Debian:12 a 1: 3", "Debian:12 b 1: 2"},
		},
		"the database deleted between": {
			[]scantest.Layer{layer("1", release, db("a 1")), layer("2", whiteout("var/lib/dpkg/status")), layer("3", db("a 1"))},
			[]string{"Debian:12 a 1: 3"},
		},
		"the database deleted for good": {
			[]scantest.Layer{layer("1", release, db("a 1")), layer("2", whiteout("var/lib/dpkg/status"))},
			nil,
		},
		"a distroless image": {
			[]scantest.Layer{layer("1", release, scantest.Text("var/lib/dpkg/status.d/base", "Package: base-files\nVersion: 12\nArchitecture: amd64\n"))},
			[]string{"Debian:12 base-files 12: 1"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			res := run(t, scantest.Image("x", nil, c.layers...), packages.Options{DB: advisories(t)})
			same(t, "packages", c.want, where(res))
		})
	}
}

func TestImageFaults(t *testing.T) {
	status := scantest.Text("var/lib/dpkg/status", read(t, "image/dpkg-status"))
	release := scantest.Text("etc/os-release", debian12)
	for name, c := range map[string]struct {
		layers   []scantest.Layer
		status   finding.Status
		reason   string
		packages int
	}{
		"a distribution that nobody names": {[]scantest.Layer{layer("1", status)}, finding.StatusPartial, "no os-release names it (4 packages not checked)", 4},
		"a release without advisories": {
			[]scantest.Layer{layer("1", status, scantest.Text("etc/os-release", "ID=debian\nVERSION_ID=99\n"))},
			finding.StatusPartial, "no advisories for Debian:99 (4 packages not checked)", 4,
		},
		"a release that has no number": {
			[]scantest.Layer{layer("1", status, scantest.Text("etc/os-release", "ID=debian\nVERSION_CODENAME=sid\n"))},
			finding.StatusPartial, "the release is not known: which Debian is it? (4 packages not checked)", 4,
		},
		"a distribution that has no advisories": {
			[]scantest.Layer{layer("1", status, scantest.Text("etc/os-release", "ID=void\n"))},
			finding.StatusPartial, "no advisories for void (4 packages not checked)", 4,
		},
		"a corrupt rpm database": {
			[]scantest.Layer{layer("1", release, status, scantest.Text("var/lib/rpm/rpmdb.sqlite", "SQLite format 3\x00"+strings.Repeat("x", 5000)))},
			finding.StatusPartial, "var/lib/rpm/rpmdb.sqlite: reading rpm database: ", 4,
		},
		"a corrupt file that a later layer hides": {
			[]scantest.Layer{layer("1", release, status, scantest.Text("usr/lib/rpm-is-not-here", ""), scantest.Text("var/lib/rpm/rpmdb.sqlite", "x")), layer("2", whiteout("var/lib/rpm"))},
			finding.StatusOK, "", 4,
		},
		"a status.d file that is none": {
			[]scantest.Layer{layer("1", release, status, scantest.Text("var/lib/dpkg/status.d/x", "no header\n"))},
			finding.StatusPartial, "var/lib/dpkg/status.d/x: reading dpkg status: no package in it", 4,
		},
	} {
		t.Run(name, func(t *testing.T) {
			res := run(t, scantest.Image("x", nil, c.layers...), packages.Options{DB: advisories(t)})
			if res.Status != c.status || !strings.Contains(res.Reason, c.reason) || (c.reason == "") != (res.Reason == "") {
				t.Errorf("status %s, reason %q, want %s, %q", res.Status, res.Reason, c.status, c.reason)
			}
			if len(res.Packages) != c.packages {
				t.Errorf("packages %v", list(res))
			}
		})
	}
}

// goProgram builds a tiny program with a vendored module.
func goProgram(t *testing.T) []byte {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"go.mod":                            "module example.com/tool\n\ngo 1.21\n\nrequire golang.org/x/net v0.7.0\n",
		"main.go":                           "package main\n\nimport _ \"golang.org/x/net/html\"\n\nfunc main() {}\n",
		"vendor/golang.org/x/net/html/a.go": "package html\n",
		"vendor/modules.txt":                "# golang.org/x/net v0.7.0\n## explicit; go 1.17\ngolang.org/x/net/html\n",
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command("go", "build", "-mod=vendor", "-ldflags=-s -w", "-o", "tool", ".")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOFLAGS=", "GOOS=linux", "GOARCH=amd64", "CGO_ENABLED=0", "GOWORK=off")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("building a program: %v\n%s", err, out)
	}
	data, err := os.ReadFile(filepath.Join(dir, "tool"))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestGoBinary(t *testing.T) {
	program := goProgram(t)
	elf := bytes.Clone(program)
	magic := []byte("\xff Go buildinf:")
	at := bytes.Index(elf, magic)
	elf = bytes.ReplaceAll(elf, magic, []byte("\xff no buildinf:"))
	cut := bytes.Clone(program)[:at+20]
	file := func(path string, mode int, data []byte) scantest.File {
		return scantest.File{Entry: scan.Entry{Path: path, Mode: os.FileMode(mode)}, Data: data}
	}
	res := run(t, scantest.Image("x", nil, layer("COPY",
		file("bin/tool", 0o755, program),
		file("bin/elf", 0o755, elf),
		file("bin/script", 0o755, []byte("#!/bin/sh\n"+strings.Repeat("# x\n", 50_000))),
		file("share/tool", 0o644, program),
	)), packages.Options{DB: advisories(t)})
	var got []string
	for _, p := range res.Packages {
		if p.Name == "stdlib" {
			p.Version = "go"
		}
		got = append(got, fmt.Sprintf("%s %s %s %s", p.Name, p.Version, p.Paths, p.PURL))
	}
	version := res.Packages[len(res.Packages)-1].Version
	same(t, "packages", []string{
		"example.com/tool  [bin/tool] pkg:golang/example.com/tool",
		"golang.org/x/net 0.7.0 [bin/tool] pkg:golang/golang.org/x/net@v0.7.0",
		"stdlib go [bin/tool] pkg:golang/stdlib@" + version,
	}, got)
	if len(res.Findings) != 1 || res.Findings[0].Rule != "CVE-2023-3978" || res.Status != finding.StatusOK {
		t.Errorf("status %s %s, findings %+v", res.Status, res.Reason, res.Findings)
	}
	res = run(t, scantest.Image("x", nil, layer("COPY", file("bin/tool", 0o755, cut))), packages.Options{DB: advisories(t)})
	if len(cut) >= 64<<10 && (res.Status != finding.StatusPartial || !strings.Contains(res.Reason, "bin/tool: reading program: ")) {
		t.Errorf("a cut program: status %s, reason %q", res.Status, res.Reason)
	}
	// The magic as Go's linker places it, that of another tool's text, and one that
	// stands behind such a text.
	for name, tt := range map[string]struct {
		at   []int
		want finding.Status
	}{
		"as Go places it":   {[]int{0x2000}, finding.StatusPartial},
		"in a text":         {[]int{0x2001}, finding.StatusNothing},
		"in a text and not": {[]int{0x1008, 0x2000}, finding.StatusPartial},
		"at the very end":   {[]int{0x1fff0 - 2}, finding.StatusNothing},
	} {
		broken := make([]byte, 0x20000)
		copy(broken, "\x7fELF")
		for _, at := range tt.at {
			copy(broken[at:], "\xff Go buildinf:\x08\x02")
		}
		res := run(t, scantest.Image("x", nil, layer("COPY", file("bin/tool", 0o755, broken))), packages.Options{DB: advisories(t)})
		if res.Status != tt.want {
			t.Errorf("the magic %s: status %s %s, want %s", name, res.Status, res.Reason, tt.want)
		}
	}
}

// TestAnyOrder gives the same result with workers and layers in any number.
func TestAnyOrder(t *testing.T) {
	img := func() scan.Source {
		return scantest.Image("shop", nil,
			layer("1", scantest.Text("etc/os-release", debian12), scantest.Text("var/lib/dpkg/status", read(t, "image/dpkg-status"))),
			layer("2", scantest.Text("a/node_modules/lodash/package.json", `{"name":"lodash","version":"4.17.20"}`)),
			layer("3", scantest.Text("b/node_modules/lodash/package.json", `{"name":"lodash","version":"4.17.20"}`), scantest.Text("bad/node_modules/x/package.json", "{")))
	}
	var first scan.Result
	for i, workers := range []int{1, 2, 8} {
		res := scan.Run(t.Context(), img(), []scan.Scanner{packages.New(packages.Options{DB: advisories(t)})}, scan.Options{Workers: workers})[0]
		res.Duration = 0
		if i == 0 {
			first = res
			continue
		}
		if diff := cmp.Diff(first, res); diff != "" {
			t.Errorf("with %d workers:\n%s", workers, diff)
		}
	}
	if len(first.Findings) != 3 { // lodash comes in two layers: both have to mend it
		t.Errorf("findings %+v", first.Findings)
	}
}
