package dockerfile

import (
	"flag"
	"fmt"
	"go/ast"
	goparser "go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/boltseal/boltseal/internal/policy"
	"github.com/boltseal/boltseal/internal/rule"
	"github.com/boltseal/boltseal/internal/rule/ruletest"
	"github.com/boltseal/boltseal/internal/scan"
	"github.com/boltseal/boltseal/internal/scan/scantest"
)

func tree(files []rule.File) scan.Source {
	var list []scantest.File
	for _, f := range files {
		list = append(list, scantest.Text(f.Path, string(f.Data)))
	}
	return scantest.Tree(list...)
}

// TestPages runs each case as its .hadolint.yaml or policy asks, where it has one, and with our
// own rules that are off otherwise.
func TestPages(t *testing.T) {
	natives, bases := make(map[string]Native), make(map[string]policy.Bases)
	trusts := func(target, path, ref string) bool { return bases[target].Trust(path, ref) }
	source := func(files []rule.File) scan.Source {
		var n Native
		name := fmt.Sprintf("dir:case %d", len(natives))
		for _, f := range files {
			if f.Path == ".boltseal.yaml" {
				p, err := policy.Load(f.Path, f.Data)
				if err != nil {
					t.Fatal(err)
				}
				bases[name] = policy.TrustedBases([]*policy.Policy{p})
			}
			if f.Path != ".hadolint.yaml" {
				continue
			}
			var err error
			if n, err = NewNative(nil, &File{f.Path, f.Data}); err != nil {
				t.Error(err)
			}
		}
		severities := ownOff()
		maps.Copy(severities, n.Severities)
		n.Severities = severities
		natives[name] = n
		return renamed{tree(files), name}
	}
	ruletest.Run(t, New(Options{Native: natives, Now: pagesDay, TrustsBase: trusts}), Rules(), source)
}

// renamed is a source under another name.
type renamed struct {
	scan.Source
	name string
}

func (r renamed) Target() scan.Target {
	t := r.Source.Target()
	t.Name = r.name
	return t
}

// TestEveryPageHasARule: a page without a rule is a leftover.
func TestEveryPageHasARule(t *testing.T) {
	files, err := pages.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	known := make(map[string]bool)
	for _, d := range declared {
		known[pageName(d.ID)] = true
		if _, err := readPage(d.ID); err != nil {
			t.Error(err)
		}
	}
	for _, f := range files {
		if !known[f.Name()] {
			t.Errorf("page %s belongs to no rule", f.Name())
		}
	}
}

// TestARuleIsTwoFiles: everything that the program knows of a rule stands in its
// own file and its page, so adding one touches nothing else. No other file names
// a rule in code.
func TestARuleIsTwoFiles(t *testing.T) {
	sources, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	owner := make(map[string]string)
	for _, d := range declared {
		owner[d.ID] = strings.TrimSuffix(pageName(d.ID), ".txtar") + ".go"
	}
	seen := make(map[string]bool)
	for _, name := range sources {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		parsed, err := goparser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			lit, ok := n.(*ast.BasicLit)
			if !ok || lit.Kind != token.STRING {
				return true
			}
			id, err := strconv.Unquote(lit.Value)
			if home, isRule := owner[id]; err == nil && isRule {
				seen[id] = seen[id] || home == name
				if home != name {
					t.Errorf("%s names the rule %s, whose file is %s", name, id, home)
				}
			}
			return true
		})
	}
	for id, home := range owner {
		if !seen[id] {
			t.Errorf("rule %s is not declared in %s", id, home)
		}
	}
}

// TestLedger: an id that was once used means what it meant, or nothing. An id that
// is gone from the code fails; to retire a rule, write "retired" behind its id. New
// ids are added by -update.
func TestLedger(t *testing.T) {
	const name = "testdata/ids.txt"
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	declaredIDs := make(map[string]bool)
	for _, d := range declared {
		declaredIDs[d.ID] = true
	}
	lines := strings.Split(strings.TrimSpace(string(data)), "\n")
	listed := make(map[string]bool)
	for _, line := range lines {
		id, note, _ := strings.Cut(line, " ")
		switch {
		case listed[id]:
			t.Errorf("%s lists %s twice", name, id)
		case note == "retired" && declaredIDs[id]:
			t.Errorf("%s was retired: its id is not used again", id)
		case note == "" && !declaredIDs[id]:
			t.Errorf("rule %s is gone: mark it as retired in %s", id, name)
		case note != "" && note != "retired":
			t.Errorf("%s: %q is neither an id nor a retired one", name, line)
		}
		listed[id] = true
	}
	for id := range declaredIDs {
		if !listed[id] {
			lines = append(lines, id)
			t.Logf("new rule %s: go test -update adds it to %s", id, name)
		}
	}
	slices.Sort(lines)
	if updating := flag.Lookup("update"); updating != nil && updating.Value.String() == "true" && !t.Failed() {
		if err := os.WriteFile(name, []byte(strings.TrimSpace(strings.Join(lines, "\n"))+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
