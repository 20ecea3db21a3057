package packages

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/osv-scalibr/extractor/filesystem/language/javascript/packagelockjson"
)

// npmLocks are small lockfiles of every kind; testdata/npmlock holds longer ones.
var npmLocks = map[string]string{
	"v1 with nested, alias, git, file and url": `{"lockfileVersion":1,"dependencies":{
"a":{"version":"1.0.0","dev":true,"requires":{"b":"^1"},"dependencies":{
 "b":{"version":"1.5.0"},
 "@s/c":{"version":"2.0.0","bundled":true}}},
"b":{"version":"2.0.0"},
"width":{"version":"npm:string-width@4.2.0"},
"@x/width":{"version":"npm:@y/real@4.2.0"},
"local":{"version":"file:../local"},
"git":{"version":"git+ssh://git@github.com/mochajs/mocha.git#c4a8a3bd4a8a3b1a3fba8a3ec3b1a3fba8a3ec3b","from":"x"}}}`,
	"v2 with both": `{"lockfileVersion":2,"packages":{
"":{"name":"root","version":"1.0.0"},
"node_modules/a":{"version":"1.0.0"},
"node_modules/a/node_modules/b":{"version":"1.5.0","inBundle":true},
"node_modules/@s/c":{"version":"2.0.0","dev":true,"optional":true}},
"dependencies":{"a":{"version":"1.0.0"},"z":{"version":"9.0.0"}}}`,
	"v3 with alias, link, workspace, git and file": `{"lockfileVersion":3,"packages":{
"":{"name":"root","workspaces":["packages/*"]},
"packages/w":{"name":"@root/w","version":"0.1.0"},
"packages/v":{"version":"0.2.0"},
"node_modules/@root/w":{"resolved":"packages/w","link":true},
"node_modules/width":{"name":"string-width","version":"4.2.0"},
"node_modules/noversion":{"resolved":"file:x.tgz"},
"node_modules/git":{"version":"1.0.0","resolved":"git+ssh://git@github.com/a/b.git#c4a8a3bd4a8a3b1a3fba8a3ec3b1a3fba8a3ec3b"}}}`,
	"nothing":  `{}`,
	"no lists": `{"packages":null,"dependencies":null}`,
}

// TestNPMLockLikeTheLibrary holds that the reader gives what the library's gives,
// and the line of each package.
func TestNPMLockLikeTheLibrary(t *testing.T) {
	locks := map[string]string{}
	maps.Copy(locks, npmLocks)
	dirs := []string{filepath.Join("testdata", "tree", "package-lock.json")}
	if more := os.Getenv("BOLTSEAL_NPM_LOCKS"); more != "" { // a folder of further ones
		found, err := filepath.Glob(filepath.Join(more, "*.json"))
		if err != nil {
			t.Fatal(err)
		}
		dirs = append(dirs, found...)
	}
	for _, file := range dirs {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		locks[file] = string(data)
	}
	for name, text := range locks {
		t.Run(name, func(t *testing.T) {
			want, wantErr := by(packagelockjson.New)(t.Context(), "package-lock.json", []byte(text))
			got, err := readNPMLock(t.Context(), "package-lock.json", []byte(text))
			if (err == nil) != (wantErr == nil) {
				t.Fatalf("error %v, the library's %v", err, wantErr)
			}
			if err != nil {
				return
			}
			// Of a package in several places the library gives any line.
			lines := make(map[row]bool)
			count := make(map[[2]string]int)
			for _, r := range want.Rows {
				lines[r] = true
				count[[2]string{r.Name, r.Version}]++
			}
			if diff := cmp.Diff(names(want.Rows), names(got.Rows)); diff != "" {
				t.Errorf("(-library +ours):\n%s", diff)
			}
			for _, r := range got.Rows {
				if !lines[r] && strings.Count(text, `"`+filepath.Base(r.Name)+`":`)+strings.Count(text, "/"+filepath.Base(r.Name)+`":`) == 1 {
					t.Errorf("%s %s is not at line %d for the library", r.Name, r.Version, r.Line)
				}
			}
		})
	}
}

func names(rows []row) []string {
	out := []string{}
	for _, r := range rows {
		if s := r.Name + " " + r.Version; len(out) == 0 || out[len(out)-1] != s {
			out = append(out, s)
		}
	}
	return out
}

func TestNPMLockLines(t *testing.T) {
	made, err := readNPMLock(t.Context(), "package-lock.json", []byte(npmLocks["v1 with nested, alias, git, file and url"]))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range made.Rows {
		got = append(got, fmt.Sprintf("%d %s %s", r.Line, r.Name, r.Version))
	}
	want := []string{"4 @s/c 2.0.0", "7 @y/real 4.2.0", "2 a 1.0.0", "3 b 1.5.0", "5 b 2.0.0", "9 git ", "8 local ", "6 string-width 4.2.0"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func manyNPM(n int) []byte {
	var b strings.Builder
	b.WriteString(`{"lockfileVersion":3,"packages":{"":{}`)
	for i := range n {
		fmt.Fprintf(&b, ",\n\"node_modules/p%d\":{\"version\":\"1.0.%d\",\"resolved\":\"https://example.com/p.tgz\"}", i, i)
	}
	b.WriteString("}}")
	return []byte(b.String())
}

// TestNPMLockIsLinear reads 100,000 packages, which took minutes.
func TestNPMLockIsLinear(t *testing.T) {
	start := time.Now()
	made, err := readNPMLock(t.Context(), "package-lock.json", manyNPM(100_000))
	if err != nil || len(made.Rows) != 100_000 {
		t.Fatalf("%d rows, %v", len(made.Rows), err)
	}
	if took := time.Since(start); took > 20*time.Second {
		t.Errorf("took %s", took)
	}
}

func TestNPMLockBounds(t *testing.T) {
	if _, err := readNPMLock(t.Context(), "x", manyNPM(maxNPMPackages+1)); err == nil || err.Error() != "more than 200000 packages" {
		t.Errorf("too many packages: %v", err)
	}
	deep := strings.Repeat(`{"dependencies":{"a":`, 2000)
	if _, err := readNPMLock(t.Context(), "x", []byte(deep)); err == nil || !strings.Contains(err.Error(), "in each other") {
		t.Errorf("too deep: %v", err)
	}
	done, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := readNPMLock(done, "x", manyNPM(5000)); !errors.Is(err, context.Canceled) {
		t.Errorf("stopped: %v", err)
	}
	for _, text := range []string{"", "null", "[]", "7", "<html>", `{"packages":[]}`, `{"packages":{"a":{`, `{} {}`, `{"packages":{"a":7}}`} {
		if _, err := readNPMLock(t.Context(), "x", []byte(text)); err == nil {
			t.Errorf("%q is no error", text)
		}
	}
}

func FuzzNPMLock(f *testing.F) {
	for _, text := range npmLocks {
		f.Add([]byte(text))
	}
	fuzzReader(f, readNPMLock, "package-lock.json")
}
