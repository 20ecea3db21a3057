package packages_test

import (
	"encoding/binary"
	"strings"
	"testing"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/scan/scantest"
	"github.com/boltseal/boltseal/internal/scanner/packages"
)

// asarOf packs a header and contents as https://github.com/electron/asar does.
func asarOf(header, files string) string {
	padded := header + strings.Repeat("\x00", (4-len(header)%4)%4)
	var out []byte
	for _, n := range []int{4, len(padded) + 8, len(padded) + 4, len(header)} {
		out = binary.LittleEndian.AppendUint32(out, uint32(n))
	}
	return string(out) + padded + files
}

const asarHeader = `{"files":{"main.js":{"size":0,"offset":"0"},"package.json":{"size":32,"offset":"0"},"node_modules":{"files":{
"lodash":{"files":{"package.json":{"offset":"0","size":53,"executable":true,"integrity":{"algorithm":"SHA256","blocks":["00"]}},
	"test":{"files":{"package.json":{"size":2,"offset":"1"}}},
	"node_modules":{"files":{"in":{"files":{"package.json":{"size":33,"offset":"53"}}}}}}},
"@a":{"files":{"b":{"files":{"package.json":{"size":34,"offset":"86"}}}}},
"native":{"files":{"package.json":{"size":9,"unpacked":true}}},
"link":{"link":"node_modules/lodash"}}}}}`

const asarFiles = `{"name":"lodash","version":"4.17.20","license":"MIT"}` + `{"name":"in", "version":"1.0.0" }` + `{"name":"@a/b", "version":"2.0.0"}`

func TestAsar(t *testing.T) {
	file := scantest.Text("opt/shop/resources/app.asar", asarOf(asarHeader, asarFiles))
	want := []string{
		"npm @a/b 2.0.0 opt/shop/resources/app.asar,opt/shop/resources/app.asar/node_modules/@a/b/package.json",
		"npm in 1.0.0 opt/shop/resources/app.asar,opt/shop/resources/app.asar/node_modules/lodash/node_modules/in/package.json",
		"npm lodash 4.17.20 opt/shop/resources/app.asar,opt/shop/resources/app.asar/node_modules/lodash/package.json",
	}
	res := run(t, scantest.Image("x", nil, layer("1", file)), packages.Options{ListOnly: true})
	same(t, "packages of an image", want, list(res))
	same(t, "licences", []string{"@a/b: ", "in: ", "lodash: MIT"}, licensed(res))
	same(t, "errors", []string(nil), res.Errors)
	res = run(t, scantest.Tree(file), packages.Options{ListOnly: true})
	same(t, "packages of a tree", want, list(res))
	owned := run(t, scantest.Image("x", nil, layer("1", scantest.Text("etc/os-release", debian12),
		scantest.Text("var/lib/dpkg/status", "Package: shop\nStatus: install ok installed\nVersion: 1\nArchitecture: all\n\n"),
		scantest.Text("var/lib/dpkg/info/shop.list", "/usr/lib/shop/resources/app.asar\n"),
		scantest.Text("usr/lib/shop/resources/app.asar", asarOf(asarHeader, asarFiles)))), packages.Options{ListOnly: true})
	same(t, "packages that the distribution owns", []string{"Debian:12 shop 1 var/lib/dpkg/status"}, list(owned))
}

// TestOtherAsar wants no fault found with files that only are called so.
func TestOtherAsar(t *testing.T) {
	for _, text := range []string{"words and words and words", "", "\x04"} {
		res := run(t, scantest.Tree(scantest.Text("app.asar", text)), packages.Options{ListOnly: true})
		if res.Status != finding.StatusNothing || res.Errors != nil {
			t.Errorf("%q: status %s, errors %q", text, res.Status, res.Errors)
		}
	}
}

func TestBrokenAsar(t *testing.T) {
	module := func(name, file string) string { return `"` + name + `":{"files":{"package.json":` + file + `}}` }
	modules := func(all ...string) string {
		return `{"files":{"node_modules":{"files":{` + strings.Join(all, ",") + `}}}}`
	}
	good := module("lodash", `{"size":53,"offset":"0"}`)
	lodash := []string{"npm lodash 4.17.20 app.asar,app.asar/node_modules/lodash/package.json"}
	many := make([]string, 200)
	for i := range many {
		many[i] = module("m"+strings.Repeat("x", i), `{"size":1000000,"offset":"0"}`)
	}
	huge := module("b", `{"size":9223372036854775807,"offset":"0"}`)
	deep := `{"files":{"` + strings.Repeat("d", 3900) + `":{"files":{"node_modules":{"files":{` + strings.Repeat(module("a", `{"size":30,"offset":"0"}`)+",", 20_000) + good + `}}}}}}`
	for name, c := range map[string]struct {
		text     string
		packages []string
		want     string
	}{
		"too short":          {"\x04\x00\x00\x00", nil, "it is no archive of Electron's"},
		"cut short":          {asarOf(asarHeader, "")[:100], nil, "its header is longer than there is room for"},
		"a long header":      {"\x04\x00\x00\x00\xff\xff\xff\xff\xff\xff\xff\xff\x00\x00\x00\x7f", nil, "a header of 2130706432 bytes, of at most 67108864"},
		"no JSON":            {asarOf(modules(good, `"`), asarFiles), lodash, "its header: unexpected EOF"},
		"no object":          {asarOf(`{"files":[]}`, ""), nil, "its header: not an object where one must be"},
		"folders":            {asarOf(strings.Repeat(`{"files":{"a":`, 150)+"{}"+strings.Repeat("}}", 150), ""), nil, "its header: more than 100 folders in each other"},
		"a long path":        {asarOf(modules(good, module(strings.Repeat("a", 5000), "{}")), asarFiles), lodash, "its header: more than 100 folders in each other, or a path of more than 4096 bytes"},
		"outside":            {asarOf(modules(good, module("b", `{"size":53,"offset":"100"}`)), asarFiles), lodash, "node_modules/b/package.json: it lies outside of the archive"},
		"a negative size":    {asarOf(modules(good, module("b", `{"size":-5,"offset":"10"}`)), asarFiles), lodash, "node_modules/b/package.json: it lies outside of the archive"},
		"a huge offset":      {asarOf(modules(good, module("b", `{"size":1,"offset":"9223372036854775807"}`)), asarFiles), lodash, "node_modules/b/package.json: it lies outside of the archive"},
		"an offset in words": {asarOf(modules(good, module("b", `{"size":1,"offset":"x"}`)), asarFiles), lodash, "node_modules/b/package.json: an offset that is no number"},
		"a broken module":    {asarOf(modules(good, module("b", `{"size":10,"offset":"0"}`)), asarFiles), lodash, "node_modules/b/package.json: "},
		"a large module":     {asarOf(modules(good, module("b", `{"size":2000000,"offset":"0"}`)), asarFiles+strings.Repeat(" ", 2_000_000)), lodash, "node_modules/b/package.json: 2000000 bytes, of at most 1048576"},
		"the same over and over": {
			asarOf(modules(many...), `{"name":"a","version":"1.0.0"}`+strings.Repeat(" ", 1_000_000)), nil, "1000000 bytes, of at most 1048576, and 67108864 in all",
		},
		"the same behind a size that nothing has": {
			asarOf(modules(append([]string{huge}, many...)...), `{"name":"a","version":"1.0.0"}`+strings.Repeat(" ", 1_000_000)), nil, "1000000 bytes, of at most 1048576, and",
		},
		"long paths, over and over": {asarOf(deep, `{"name":"a","version":"1.0.0"}`+strings.Repeat(" ", 100)), nil, "30 bytes, of at most 1048576, and 67108864 in all"},
	} {
		t.Run(name, func(t *testing.T) {
			res := run(t, scantest.Tree(scantest.Text("app.asar", c.text)), packages.Options{ListOnly: true})
			if c.packages != nil || len(res.Packages) > 1 {
				same(t, "packages", c.packages, list(res))
			}
			if res.Status != finding.StatusPartial || !strings.Contains(res.Reason, c.want) {
				t.Errorf("status %s, reason %q, want %q", res.Status, res.Reason, c.want)
			}
		})
	}
}

func FuzzAsar(f *testing.F) {
	f.Add(asarHeader, asarFiles)
	f.Add(`{"files":{"node_modules":{"files":{"a":{"files":{"package.json":{"size":1,"offset":"0"}}}}}}}`, "{}")
	f.Fuzz(func(t *testing.T, header, files string) {
		for _, line := range packages.Lines("app.asar", []byte(asarOf(header, files))) {
			if !strings.HasPrefix(line, "npm ") {
				t.Errorf("a module of another kind: %q", line)
			}
		}
	})
}
