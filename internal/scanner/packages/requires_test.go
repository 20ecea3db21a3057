package packages_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/boltseal/boltseal/internal/scan"
	"github.com/boltseal/boltseal/internal/scan/scantest"
	"github.com/boltseal/boltseal/internal/scanner/packages"
)

// requires gives "name version -> name version, name version" of every package that
// asks for others.
func requires(res scan.Result) []string {
	var out []string
	for _, p := range res.Packages {
		var needs []string
		for _, r := range p.Requires {
			needs = append(needs, r.Name+" "+r.Version)
		}
		if len(needs) > 0 {
			out = append(out, p.Name+" "+p.Version+" -> "+strings.Join(needs, ", "))
		}
	}
	slices.Sort(out)
	return out
}

func TestWhatPackagesAskFor(t *testing.T) {
	for name, test := range map[string]struct {
		path, text string
		want       []string
	}{
		"npm": {"package-lock.json", `{"lockfileVersion":3,"packages":{"":{"dependencies":{"a":"^1"}},
"node_modules/a":{"version":"1.0.0","dependencies":{"b":"^2","gone":"*"},"optionalDependencies":{"c":"*"},"peerDependencies":{"d":"*"}},
"node_modules/a/node_modules/b":{"version":"2.0.0","dependencies":{"c":"*","b":"*"}},
"node_modules/b":{"version":"1.0.0","dependencies":[]},
"node_modules/c":{"version":"3.0.0","dependencies":{"b":"^1","@x/y":"*","w":"*"}},
"node_modules/@x/y":{"version":"4.0.0"},
"node_modules/alias":{"name":"real","version":"5.0.0","dependencies":{"alias":"*"}},
"node_modules/w":{"resolved":"packages/w","link":true},
"packages/w":{"name":"w","version":"0.1.0","dependencies":{"b":"^1"}}}}`, []string{
			"a 1.0.0 -> b 2.0.0, c 3.0.0", "b 2.0.0 -> b 2.0.0, c 3.0.0", "c 3.0.0 -> @x/y 4.0.0, b 1.0.0, w 0.1.0", "real 5.0.0 -> real 5.0.0", "w 0.1.0 -> b 1.0.0",
		}},
		"Cargo": {"Cargo.lock", `version = 4

[[package]]
name = "app"
version = "0.1.0"
dependencies = [
 "rand 0.8.5",
 "serde",
 "rand 0.7.0 (registry+https://github.com/rust-lang/crates.io-index)",
 "rand",
 "gone",
]

[[package]]
name = "rand"
version = "0.7.0"
source = "registry+https://github.com/rust-lang/crates.io-index"

[[package]]
name = "rand"
version = "0.8.5"
source = "registry+https://github.com/rust-lang/crates.io-index"
dependencies = ["serde"]

[[package]]
name = "serde"
version = "1.0.1"
source = "registry+https://github.com/rust-lang/crates.io-index"
`, []string{"app 0.1.0 -> rand 0.7.0, rand 0.8.5, serde 1.0.1", "rand 0.8.5 -> serde 1.0.1"}},
		"CocoaPods": {"Podfile.lock", `PODS:
  - Firebase/Auth (10.18.0):
    - Firebase/CoreOnly
    - FirebaseAuth (~> 10.18.0)
  - Firebase/CoreOnly (10.18.0)
  - "FirebaseAuth (10.18.0)":
    - "GoogleUtilities/NSData+zlib (~> 7.8)"
    - Gone (= 1.0)
  - "GoogleUtilities/NSData+zlib (7.12.0)"

DEPENDENCIES:
  - Firebase/Auth

COCOAPODS: 1.15.2
`, []string{"Firebase 10.18.0 -> FirebaseAuth 10.18.0", "FirebaseAuth 10.18.0 -> GoogleUtilities 7.12.0"}},
		"Julia": {"Manifest.toml", `manifest_format = "2.0"
[[deps.A]]
deps = ["B", "Base64", "Gone"]
uuid = "1"
version = "1.0.0"
[[deps.B]]
uuid = "2"
version = "2.0.0"
    [deps.B.deps]
    A = "1"
[[deps.Base64]]
uuid = "3"
`, []string{"A 1.0.0 -> B 2.0.0", "B 2.0.0 -> A 1.0.0"}},
		"Gleam": {
			"manifest.toml", `packages = [
  { name = "a", version = "1.0.0", build_tools = ["gleam"], requirements = ["b", "gone"], source = "hex" },
  { name = "b", version = "2.0.0", build_tools = ["gleam"], requirements = [], source = "hex" },
]`, []string{"a 1.0.0 -> b 2.0.0"},
		},
		"Poetry": {"poetry.lock", `[[package]]
name = "Flask"
version = "2.0.0"

[package.dependencies]
itsdangerous = ">=2.0"
Typing_Extensions = {version = "*", markers = "python_version < '3.8'"}

[[package]]
name = "itsdangerous"
version = "2.1.0"

[[package]]
name = "typing-extensions"
version = "4.0.0"
`, []string{"Flask 2.0.0 -> itsdangerous 2.1.0, typing-extensions 4.0.0"}},
		"uv": {"uv.lock", `version = 1

[[package]]
name = "a"
version = "1.0.0"
source = { registry = "https://pypi.org/simple" }
dependencies = [
    { name = "b" },
    { name = "c", version = "2.0.0", source = { registry = "https://pypi.org/simple" } },
]

[[package]]
name = "b"
version = "1.0.0"
source = { registry = "https://pypi.org/simple" }

[[package]]
name = "c"
version = "1.0.0"
source = { registry = "https://pypi.org/simple" }

[[package]]
name = "c"
version = "2.0.0"
source = { registry = "https://pypi.org/simple" }
`, []string{"a 1.0.0 -> b 1.0.0, c 2.0.0"}},
		"Composer": {"composer.lock", `{"packages":[{"name":"x/a","version":"1.0.0","require":{"php":">=8","ext-json":"*","X/B":"^1"}},{"name":"x/b","version":"1.1.0","require":[]}],
"packages-dev":[{"name":"x/c","version":"2.0.0","require":{"x/a":"*"}}]}`, []string{"x/a 1.0.0 -> x/b 1.1.0", "x/c 2.0.0 -> x/a 1.0.0"}},
		"Bundler": {"Gemfile.lock", `GEM
  remote: https://rubygems.org/
  specs:
    nokogiri (1.15.0-x86_64-linux)
      racc (~> 1.4)
      gone
    racc (1.7.1)
    rails (7.0.0)
      nokogiri
      racc!

DEPENDENCIES
  rails
`, []string{"nokogiri 1.15.0 -> racc 1.7.1", "rails 7.0.0 -> nokogiri 1.15.0, racc 1.7.1"}},
	} {
		t.Run(name, func(t *testing.T) {
			res := run(t, scantest.Tree(scantest.Text(test.path, test.text)), packages.Options{ListOnly: true})
			if diff := cmp.Diff(test.want, requires(res)); diff != "" {
				t.Errorf("%s\n%s", diff, res.Reason)
			}
		})
	}
}

// TestRelationsOfHostileFiles wants files whose packages ask for more than they hold to
// be read in the time and room that their size allows.
func TestRelationsOfHostileFiles(t *testing.T) {
	const many = 20_000
	var deep, wide, alike strings.Builder
	deep.WriteString(`{"packages":{"` + strings.Repeat("a/", 200_000) + `x":{"version":"1","dependencies":{`)
	for i := range many {
		fmt.Fprintf(&deep, `"d%d":"*",`, i)
	}
	deep.WriteString(`"z":"*"}}}}`)
	long := strings.Repeat("v", 4000)
	wide.WriteString("[[package]]\nname = \"b\"\nversion = \"" + long + "\"\n")
	for i := range many {
		fmt.Fprintf(&wide, "[[package]]\nname = \"a%d\"\nversion = \"1\"\ndependencies = [\"b\"]\n", i)
	}
	for i := range many {
		fmt.Fprintf(&alike, "[[package]]\nname = \"a\"\nversion = \"%d\"\ndependencies = [\"a\", \"a 1\"]\n", i)
	}
	for name, file := range map[string]scantest.File{
		"a deep folder":             scantest.Text("package-lock.json", deep.String()),
		"a long version":            scantest.Text("Cargo.lock", wide.String()),
		"many versions of one name": scantest.Text("Cargo.lock", alike.String()),
	} {
		t.Run(name, func(t *testing.T) {
			res := run(t, scantest.Tree(file), packages.Options{ListOnly: true})
			room := 0
			for _, p := range res.Packages {
				for _, r := range p.Requires {
					room += len(r.Name) + len(r.Version)
				}
			}
			if room > 2*len(file.Data) {
				t.Errorf("%d bytes of relations in a file of %d", room, len(file.Data))
			}
		})
	}
}
