package packages

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/boltseal/boltseal/internal/scan"
	"github.com/boltseal/boltseal/internal/vulndb"
)

func TestPartRoundTrip(t *testing.T) {
	want := &part{
		Version: partVersion, Format: formatPOM, Rows: []row{{Kind: "npm", Name: "a", Version: "1", Line: 3}},
		Owned: []string{"bin/a"}, Includes: []string{"b.txt"}, NeedsSum: true, Installer: "pip", Failed: "why",
		POM: &pom{Group: "g", Properties: map[string]string{"a": "b"}, Dependencies: []row{{Kind: "Maven", Name: "g:a"}}},
	}
	data, err := want.encode()
	if err != nil {
		t.Fatal(err)
	}
	got, err := decodePart(data)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(part{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestPartRefuses(t *testing.T) {
	for name, text := range map[string]string{
		"nothing":                  ``,
		"not JSON":                 `{`,
		"another version":          `{"v":"1","f":"x"}`,
		"a reason of many bytes":   `{"v":"2","f":"x","e":"` + strings.Repeat("a", maxString+1) + `"}`,
		"too many includes":        `{"v":"2","f":"x","n":["a"` + strings.Repeat(`,"a"`, maxIncludes) + `]}`,
		"a package without a name": `{"v":"2","f":"x","r":[{"k":"npm"}]}`,
		"a negative line":          `{"v":"2","f":"x","r":[{"k":"npm","n":"a","l":-1}]}`,
		"a name of many bytes":     `{"v":"2","f":"x","r":[{"k":"npm","n":"` + strings.Repeat("a", maxString+1) + `"}]}`,
		"a property of many bytes": `{"v":"2","f":"x","p":{"r":{"a":"` + strings.Repeat("a", maxString+1) + `"}}}`,
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := decodePart(scan.Part(text)); !errors.Is(err, errPart) {
				t.Errorf("got %v, want errPart", err)
			}
		})
	}
}

// FuzzFinish hands any bytes to Finish as a cached part: never a panic.
func FuzzFinish(f *testing.F) {
	f.Add([]byte(`{"v":"2","f":"npm lockfile","r":[{"k":"npm","n":"a","v":"1.0.0"}]}`), "package-lock.json")
	f.Add([]byte(`{"v":"2","f":"pom.xml","p":{"p":"pom.xml","d":[{"k":"Maven","n":"${a}","v":"${b}"}],"r":{"a":"${b}","b":"${a}x"}}}`), "pom.xml")
	f.Add([]byte(`{"v":"2","f":"go.sum","r":[{"k":"Go","n":"a","v":"1"},{"k":"Go","n":"a","v":"x"}]}`), "go.sum")
	db, err := vulndb.OpenFolder(filepath.Join("testdata", "osv"))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, data []byte, path string) {
		target := scan.Target{Kind: scan.KindTree, Name: "dir:."}
		p := &pass{opt: Options{DB: db}, target: target}
		e := &scan.Entry{Path: path}
		res := p.Finish(t.Context(), &scan.View{}, []scan.Ref{
			{At: scan.At{Index: 0}, Entry: e, Part: data},
			{At: scan.At{Index: 1}, Entry: &scan.Entry{Path: "go.mod"}, Part: scan.Part(`{"v":"2","f":"go.mod","s":true}`)},
		})
		if _, err := decodePart(data); err != nil && !isPacked(data) && len(res.Errors) == 0 {
			t.Errorf("an unusable part is no error: %+v", res)
		}
	})
}

// fuzzReader hands any bytes to a reader of ours and checks what it makes of them.
func fuzzReader(f *testing.F, read reader, path string) {
	f.Fuzz(func(t *testing.T, data []byte) {
		made, err := read(t.Context(), path, data)
		if made == nil {
			return
		}
		made.Format = "x"
		encoded, err2 := made.encode()
		if err2 != nil {
			return
		}
		if _, err := decodePart(encoded); err != nil {
			t.Errorf("what it made cannot be read again: %v", err)
		}
		_ = err
	})
}

func FuzzPOM(f *testing.F) {
	f.Add([]byte(`<project><artifactId>a</artifactId><parent><relativePath>..</relativePath></parent><dependencies><dependency><groupId>g</groupId></dependency></dependencies></project>`))
	fuzzReader(f, readPOM, "a/pom.xml")
}

func FuzzJar(f *testing.F) {
	f.Add([]byte("PK\x05\x06" + strings.Repeat("\x00", 18)))
	fuzzReader(f, readJar(newInflation()), "a-1.0.jar")
}

func FuzzGoSum(f *testing.F) {
	f.Add([]byte("a.com/a v1.0.0 h1:x\n"))
	fuzzReader(f, readGoSum, "go.sum")
}

func FuzzOwned(f *testing.F) {
	f.Add([]byte("/usr/bin/a\n/../../x.jar\n"))
	fuzzReader(f, readOwned, "var/lib/dpkg/info/a.list")
}

func TestIncluded(t *testing.T) {
	for line, want := range map[string]string{
		"-r base.txt":              "base.txt",
		"-rbase.txt":               "base.txt",
		"--requirement=base.txt":   "base.txt",
		"--requirement base.txt #": "base.txt",
		"-r https://x/base.txt":    "https://x/base.txt",
		"-r 'a b.txt'\t# why":      "a b.txt",
		"requests==1.0":            "",
		"-r":                       "",
	} {
		got, ok := included(line)
		if !ok {
			got = ""
		}
		if got != want {
			t.Errorf("%q: got %q, want %q", line, got, want)
		}
	}
}

func TestBefore117(t *testing.T) {
	for version, want := range map[string]bool{"1.16": true, "1.9.2": true, "1.17": false, "1.21rc1": false, "2.0": false, "": false} {
		if got := before117(version); got != want {
			t.Errorf("%q: %v", version, got)
		}
	}
}
