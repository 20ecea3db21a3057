package secrets

import (
	"cmp"
	"go/build"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/zricethezav/gitleaks/v8/config"
	"github.com/zricethezav/gitleaks/v8/detect"
	"github.com/zricethezav/gitleaks/v8/sources"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/scan"
	"github.com/boltseal/boltseal/internal/scan/scantest"
)

// told is what the engine and we must agree on.
type told struct {
	Rule, Path string
	Line       int
	Hash       string
}

func compareTold(a, b told) int {
	return cmp.Or(strings.Compare(a.Path, b.Path), cmp.Compare(a.Line, b.Line), strings.Compare(a.Rule, b.Rule), strings.Compare(a.Hash, b.Hash))
}

var testHasher = finding.Hasher{Key: []byte("a key of the tests")}

func newScanner(t testing.TB) *Scanner {
	t.Helper()
	s, err := New(Options{Hasher: testHasher})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// libraryTold asks the library for a whole file at once.
func libraryTold(t testing.TB, path string, data []byte) []told {
	t.Helper()
	cfg, err := loadDefault()
	if err != nil {
		t.Fatal(err)
	}
	d := newDetector(copyRules(cfg, func(r *config.Rule) bool { return r.Regex != nil }, nil), decodeDepth, true)
	var out []told
	//lint:ignore SA1019 the only type that the library's version 8 takes
	for _, f := range d.Detect(detect.Fragment{Raw: string(data), FilePath: path}) {
		out = append(out, told{f.RuleID, path, f.StartLine + 1, testHasher.Hash(f.Secret)})
	}
	slices.SortFunc(out, compareTold)
	return slices.Compact(out)
}

func ourTold(findings []finding.Finding) []told {
	var out []told
	for _, f := range findings {
		if f.Secret != nil {
			out = append(out, told{f.Rule, f.Location.Path, f.Location.StartLine, f.Secret.Hash})
		}
	}
	slices.SortFunc(out, compareTold)
	return slices.Compact(out)
}

// goFiles reads files of the Go source tree, or of the tree that an environment
// variable names, up to a number of bytes.
func goFiles(t testing.TB, limit int, dirs ...string) []scantest.File {
	t.Helper()
	root := os.Getenv("BOLTSEAL_SECRETS_TREE")
	if root == "" {
		root = filepath.Join(build.Default.GOROOT, "src")
	} else {
		dirs = []string{"."}
	}
	var files []scantest.File
	for _, dir := range dirs {
		err := filepath.WalkDir(filepath.Join(root, dir), func(p string, e fs.DirEntry, err error) error {
			if err != nil || !e.Type().IsRegular() || limit <= 0 {
				return err
			}
			data, err := os.ReadFile(p)
			if err != nil {
				return err
			}
			rel, err := filepath.Rel(root, p)
			limit -= len(data)
			files = append(files, scantest.File{Entry: scan.Entry{Path: filepath.ToSlash(rel), Mode: 0o644}, Data: data})
			return err
		})
		if err != nil {
			t.Skipf("needs the Go source tree: %v", err)
		}
	}
	return files
}

// fewFiles are some that hold findings, for short tests.
var fewFiles = []string{
	"crypto/tls/example_test.go", "crypto/tls/fips140_test.go", "crypto/tls/testdata/example-key.pem", "crypto/x509/pkcs8_test.go",
}

func scanAll(t testing.TB, src scan.Source, s *Scanner) scan.Result {
	t.Helper()
	return scan.Run(t.Context(), src, []scan.Scanner{s}, scan.Options{})[0]
}

func TestFindsWhatTheLibraryFindsInWholeFiles(t *testing.T) {
	files := goFiles(t, 2<<20, "crypto/tls", "crypto/x509", "net/http", "cmd/go/internal/auth")
	if testing.Short() {
		files = goFiles(t, 100_000, fewFiles...)
	}
	rules, err := defaultRules()
	if err != nil {
		t.Fatal(err)
	}
	var want []told
	var bytes int
	for _, f := range files {
		bytes += len(f.Data)
		if len(f.Data) > 0 && !rules.pathAllowed(f.Path) && !isBinary(f.Data[:min(len(f.Data), scan.HeadSize)]) {
			want = append(want, libraryTold(t, f.Path, f.Data)...)
		}
	}
	slices.SortFunc(want, compareTold)
	res := scanAll(t, scantest.Tree(files...), newScanner(t))
	if res.Status != finding.StatusOK {
		t.Errorf("status %s: %s", res.Status, res.Reason)
	}
	if diff := gocmp.Diff(want, ourTold(res.Findings)); diff != "" {
		t.Errorf("differs from the library (-library +ours):\n%s", diff)
	}
	if len(want) < 3 {
		t.Errorf("only %d findings: the test proves nothing", len(want))
	}
	t.Logf("%d files, %d bytes, %d findings, %v", len(files), bytes, len(want), res.Notes)
}

// TestLosesNothingOfDirMode compares with the engine's own walk over a directory.
// What it has and we have not is one of two faults of its own: a secret cut off at
// the end of a chunk, or told again as decoded because encoded text stands beside
// it. Neither is in the Go source tree.
func TestLosesNothingOfDirMode(t *testing.T) {
	files := goFiles(t, 2<<20, "crypto/tls", "crypto/x509")
	if testing.Short() {
		files = goFiles(t, 100_000, fewFiles...)
	}
	dir := t.TempDir()
	for _, f := range files {
		path := filepath.Join(dir, filepath.FromSlash(f.Path))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, f.Data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	loaded, err := loadDefault()
	if err != nil {
		t.Fatal(err)
	}
	cfg := copyRules(loaded, func(*config.Rule) bool { return true }, nil)
	d := newDetector(cfg, decodeDepth, true)
	t.Chdir(dir)
	found, err := d.DetectSource(t.Context(), &sources.Files{Config: &cfg, Path: ".", Sema: d.Sema})
	if err != nil {
		t.Fatal(err)
	}
	ours := ourTold(scanAll(t, scantest.Tree(files...), newScanner(t)).Findings)
	for _, f := range found {
		if want := (told{f.RuleID, f.File, f.StartLine, testHasher.Hash(f.Secret)}); !slices.Contains(ours, want) {
			t.Errorf("lost: %+v", want)
		}
	}
	if len(found) == 0 {
		t.Error("the engine finds nothing: the test proves nothing")
	}
}
