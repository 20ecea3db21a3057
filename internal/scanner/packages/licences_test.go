package packages_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/scan"
	"github.com/boltseal/boltseal/internal/scan/scantest"
	"github.com/boltseal/boltseal/internal/scanner/packages"
)

// licensed gives "name: licence | licence" of every package.
func licensed(res scan.Result) []string {
	var out []string
	for _, p := range res.Packages {
		out = append(out, p.Name+": "+strings.Join(p.Licenses, " | "))
	}
	slices.Sort(out)
	return out
}

func TestLicencesOfLockfiles(t *testing.T) {
	res := run(t, scantest.Tree(
		scantest.Text("package-lock.json", `{"lockfileVersion":3,"packages":{"":{"name":"app","license":"UNLICENSED"},
"node_modules/a":{"version":"1.0.0","license":"(MIT OR Apache-2.0)"},
"node_modules/b":{"version":"1.0.0","license":{"type":"BSD-3-Clause","url":"https://x"}},
"node_modules/c":{"version":"1.0.0","license":"SEE LICENSE IN LICENSE.md"},
"node_modules/d":{"version":"1.0.0","license":7},
"node_modules/e":{"version":"1.0.0"},
"node_modules/a/node_modules/e":{"version":"1.0.0","license":"ISC"}}}`),
		scantest.Text("composer.lock", `{"packages":[{"name":"x/one","version":"1.0.0","license":["MIT"]},
{"name":"x/two","version":"1.0.0","license":["LGPL-2.1-only","GPL-3.0-or-later AND MIT"]}],
"packages-dev":[{"name":"x/three","version":"1.0.0","license":"proprietary"},{"name":"x/four","version":"1.0.0"}]}`),
	), packages.Options{ListOnly: true})
	want := []string{
		"a: (MIT OR Apache-2.0)", "b: BSD-3-Clause", "c: SEE LICENSE IN LICENSE.md", "d: ", "e: ISC",
		"x/four: ", "x/one: MIT", "x/three: proprietary", "x/two: LGPL-2.1-only OR (GPL-3.0-or-later AND MIT)",
	}
	if diff := cmp.Diff(want, licensed(res)); diff != "" {
		t.Error(diff)
	}
	if res.Status != finding.StatusOK {
		t.Errorf("%s: %s", res.Status, res.Reason)
	}
}

func TestLicencesOfWhatIsInstalled(t *testing.T) {
	const site, gems = "usr/local/lib/python3.12/site-packages/", "usr/local/lib/ruby/gems/3.2.0/specifications/"
	res := run(t, scantest.Image("app", nil, scantest.Layer{Files: []scantest.File{
		scantest.Text("etc/os-release", "ID=alpine\nVERSION_ID=3.20.0\n"),
		scantest.Text("lib/apk/db/installed", "P:musl\nV:1.2.5-r0\nA:x86_64\nL:MIT\n\nP:busybox\nV:1.36.1-r29\nA:x86_64\nL:GPL-2.0-only\n\nP:nothing\nV:1-r0\nA:x86_64\n"),
		scantest.Text("app/node_modules/n1/package.json", `{"name":"n1","version":"1.0.0","license":"MIT"}`),
		scantest.Text("app/node_modules/n2/package.json", `{"name":"n2","version":"1.0.0","licenses":[{"type":"MIT"},{"type":"GPL-2.0"}]}`),
		scantest.Text("app/node_modules/n3/package.json", `{"name":"n3","version":"1.0.0","license":["MIT"],"author":7}`),
		scantest.Text(site+"p1-1.0.dist-info/METADATA", "Metadata-Version: 2.4\nName: p1\nVersion: 1.0\nLicense-Expression: MIT AND Zlib\nLicense: other\n\nLicense: not this\n"),
		scantest.Text(site+"p2-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: p2\nVersion: 1.0\nLicense: BSD 3-Clause\nClassifier: License :: OSI Approved :: BSD License\n\n"),
		scantest.Text(site+"p3-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: p3\nVersion: 1.0\nLicense: Permission is hereby granted\n        to everybody\nClassifier: License :: OSI Approved\nClassifier: License :: OSI Approved :: MIT License\n\n"),
		scantest.Text(site+"p4-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: p4\nVersion: 1.0\nLicense: UNKNOWN\n\n"),
		scantest.Text(site+"p5-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: p5\nVersion: 1.0\nLicense: "+strings.Repeat("a", 300)+"\n\n"),
		scantest.Text(gems+"rack-2.2.3.gemspec", "# -*- encoding: utf-8 -*-\n# stub: rack 2.2.3 ruby lib\n\nGem::Specification.new do |s|\n  s.licenses = [\"MIT\".freeze, 'Ruby'.freeze]\nend\n"),
		scantest.Text(gems+"json-2.6.3.gemspec", "# -*- encoding: utf-8 -*-\n# stub: json 2.6.3 ruby lib\n\nGem::Specification.new do |spec|\n  spec.license = \"Ruby\"\nend\n"),
		scantest.Text("usr/local/lib/R/site-library/jsonlite/DESCRIPTION", "Package: jsonlite\nVersion: 1.8.4\nLicense: MIT + file LICENSE\nBuilt: R 4.3.1; ; 2023-06-01; unix\n"),
		scantest.Text("conda-meta/c1.json", `{"name":"c1","version":"1","license":"BSD-3-Clause"}`),
		scantest.Text("lib/luarocks/rocks-5.4/l1/1-1/l1-1-1.rockspec", "package = \"l1\"\ndescription = {\n   license = \"MIT/X11\"\n}\n"),
		scantest.Text("lib/luarocks/rocks-5.4/l2/1-1/l2-1-1.rockspec", "package = \"l2\"\ndescription = { summary = \"x\", license = 'ISC' }\n"),
		scantest.Text("srv/vendor/composer/installed.json", `{"packages":[{"name":"x/y","version":"v5.4.0","license":["MIT","ISC"]}]}`),
	}}), packages.Options{ListOnly: true})
	want := []string{
		"busybox: GPL-2.0-only", "c1: BSD-3-Clause", "json: Ruby", "jsonlite: MIT + file LICENSE", "l1: MIT/X11", "l2: ISC", "musl: MIT", "n1: MIT", "n2: MIT | GPL-2.0", "n3: ", "nothing: ",
		"p1: MIT AND Zlib", "p2: BSD 3-Clause", "p3: MIT License", "p4: ", "p5: ", "rack: MIT | Ruby", "x/y: MIT OR ISC",
	}
	if diff := cmp.Diff(want, licensed(res)); diff != "" {
		t.Error(diff)
	}
	if len(res.Errors) > 0 {
		t.Error(res.Errors)
	}
}
