// Package archtest holds the architecture: who may import whom. A package that is
// not in the table fails, and so does a line that no package needs.
package archtest

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/boltseal/boltseal/"

// allowed is the table: a package, the packages of this module that it may import,
// and what else it must not. Floors go down: nothing imports what stands above it.
//
//	7 cmd
//	6 cli
//	5 gate  forge  forge/*
//	4 scanner/*  source/*  report  fix
//	3 scan
//	2 rule  policy  vulndb  baseline  compliance
//	1 finding  builtfrom  eol  filecap  imagename  inventory  licence  nearest  yamlpos  ci  git  cache  cloud  shellcheck  vex  web
var allowed = []struct {
	pkg   string
	own   string // space-separated, below internal/
	never string // packages of others, space-separated
}{
	{"internal/inventory", "", "os net/http"},
	{"internal/adminport", "", "os net/http"},
	{"internal/builtfrom", "", "os net/http"},
	{"internal/eol", "inventory", "os net/http"},
	{"internal/filecap", "", "os net/http"},
	{"internal/imagename", "", "os net/http"}, // policy and scanners name images alike
	{"internal/licence", "", "os net/http"},
	{"internal/nearest", "", "os net/http"},
	{"internal/yamlpos", "nearest", "os net/http"},
	{"internal/git", "", "net/http"},
	{"internal/git/gittest", "", ""}, // serves a test's repositories
	{"internal/cache", "", "net/http os/exec"},
	{"internal/ci", "", "os net/http"},
	{"internal/shellcheck", "", "net/http"},
	{"internal/web", "", "os os/exec"},
	{"internal/cloud", "web", "os/exec"},
	{"internal/cloud/cloudtest", "", "os os/exec"},
	{"internal/finding", "inventory", "os net/http"},
	{"internal/baseline", "finding", "os net/http"},
	{"internal/compliance", "finding", "os net/http"},
	{"internal/rule", "finding nearest", "os net/http"},
	{"internal/rule/ruletest", "finding fix rule scan", "net/http"},
	{"internal/vex", "", "os net/http"},
	{"internal/policy", "finding imagename inventory nearest vex yamlpos", "os os/exec net/http"},
	{"internal/vulndb", "inventory web", ""},
	{"internal/scan", "filecap finding inventory", "os net/http"},
	{"internal/scan/scantest", "scan", "os net/http"},
	{"internal/source/tree", "filecap scan git", "net/http"},
	{"internal/source/image", "cloud filecap scan web", "os/exec"},
	{"internal/source/sbom", "inventory scan", "net/http os/exec"},
	{"internal/source/history", "scan git", "net/http os/exec"},
	{"internal/scanner/secrets", "finding rule scan", "os os/exec net/http"},
	{"internal/scanner/dockerfile", "adminport builtfrom eol finding imagename licence nearest rule scan yamlpos", "os os/exec net/http"},
	{"internal/scanner/packages", "finding inventory scan vulndb yamlpos", "os os/exec net/http"},
	{"internal/scanner/imageconfig", "adminport eol filecap finding imagename inventory rule scan", "os os/exec net/http"},
	{"internal/fix", "finding", "os os/exec net/http"},
	{"internal/report", "compliance finding inventory licence nearest policy rule vex", "os net/http"},
	{"internal/forge", "policy report", "os net/http"},
	{"internal/forge/wire", "report", "os os/exec"},
	{"internal/forge/change", "finding fix forge/wire policy report", "os os/exec"},
	{"internal/forge/forgetest", "finding policy report", "os/exec"},
	{"internal/forge/dashboard", "web", "os os/exec"},
	{"internal/forge/bitbucket", "finding forge/change forge/wire policy report web", "os os/exec"},
	{"internal/forge/gitlab", "forge/change forge/wire report", "os os/exec"},
	{"internal/forge/github", "forge/change forge/wire policy report", "os os/exec"},
	{"internal/gate", "baseline builtfrom finding inventory nearest policy report rule scan scanner/secrets scanner/dockerfile scanner/packages scanner/imageconfig vulndb", "os net/http"},
	{"internal/cli", "*", "net/http"},
	{"internal/exampleimage", "", "net/http"},
	{"cmd/boltseal", "cli", ""},
}

// nobody may import these.
var nobody = map[string]string{
	"gopkg.in/yaml.v3":            "use go.yaml.in/yaml/v4 through yamlpos",
	"gopkg.in/yaml.v2":            "use go.yaml.in/yaml/v4 through yamlpos",
	"github.com/spf13/viper":      "global state; flags and one file need no layering",
	"github.com/stretchr/testify": "compare whole values with go-cmp",
	"log":                         "use log/slog, handed down",
	"github.com/pkg/errors":       "use fmt.Errorf with %w",
}

func TestImports(t *testing.T) {
	root := filepath.Join("..", "..")
	imports := readImports(t, root)
	for pkg, got := range imports {
		i := slices.IndexFunc(allowed, func(a struct{ pkg, own, never string }) bool { return a.pkg == pkg })
		if i < 0 {
			t.Errorf("package %s is not in the table: add it with what it may import", pkg)
			continue
		}
		line := allowed[i]
		own, never := strings.Fields(line.own), strings.Fields(line.never)
		used := map[string]bool{}
		for _, path := range got {
			if why, banned := nobody[path]; banned {
				t.Errorf("%s imports %s: %s", pkg, path, why)
			}
			if slices.Contains(never, path) {
				t.Errorf("%s must not import %s", pkg, path)
			}
			ours, isOurs := strings.CutPrefix(path, module)
			if !isOurs || line.own == "*" {
				continue
			}
			ours = strings.TrimPrefix(ours, "internal/")
			used[ours] = true
			if !slices.Contains(own, ours) {
				t.Errorf("%s must not import %s", pkg, path)
			}
		}
		for _, o := range own {
			if o != "*" && !used[o] {
				t.Errorf("%s does not import %s: take it out of the table", pkg, o)
			}
		}
	}
	for _, line := range allowed {
		if imports[line.pkg] == nil {
			t.Errorf("there is no package %s: take its line out of the table", line.pkg)
		}
	}
}

// readImports reads the imports of every package, without its tests. Reading the
// files here, rather than asking the go command, makes them part of what the test
// cache looks at.
func readImports(t *testing.T, root string) map[string][]string {
	t.Helper()
	imports := make(map[string][]string)
	for _, top := range []string{"cmd", "internal"} {
		err := filepath.WalkDir(filepath.Join(root, top), func(path string, d fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			if d.IsDir() && d.Name() == "testdata" {
				return filepath.SkipDir
			}
			if d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return nil
			}
			src, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			file, err := parser.ParseFile(token.NewFileSet(), path, src, parser.ImportsOnly)
			if err != nil {
				return err
			}
			rel, err := filepath.Rel(root, filepath.Dir(path))
			if err != nil {
				return err
			}
			pkg := filepath.ToSlash(rel)
			if imports[pkg] == nil {
				imports[pkg] = []string{}
			}
			for _, spec := range file.Imports {
				name, err := strconv.Unquote(spec.Path.Value)
				if err != nil {
					return err
				}
				imports[pkg] = append(imports[pkg], name)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return imports
}
