package secrets_test

import (
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/scan"
	"github.com/boltseal/boltseal/internal/scanner/secrets"
)

// The tests of these files hold this program against the engine's own command, of
// the module that go.mod names: what that finds is found here, by rule, file,
// commit, line and secret; what is found beyond it, or told otherwise, belongs to a
// class of testdata/beyond.yaml. Trees that take long are compared only where
// BOLTSEAL_COMPARE is set; it may list more trees and repositories.

// totals sums up all comparisons of a process.
type totals struct {
	mu                                      sync.Mutex
	comparisons, their, our, equal, missing int
	beyond                                  int
	classes                                 map[string]int
}

var total = totals{classes: make(map[string]int)}

func (s *totals) add(c *comparison, their, our int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.comparisons++
	s.their += their
	s.our += our
	s.equal += c.equal
	s.missing += len(c.missing)
	s.beyond += len(c.beyond)
	for k, n := range c.classes {
		s.classes[k] += n
	}
}

// print tells the sums, where anything was compared.
func (s *totals) print(w io.Writer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.comparisons == 0 {
		return
	}
	fmt.Fprintf(w, "compared with gitleaks %s: %d trees and histories, gitleaks %d findings, ours %d, equal %d, missing %d, unexplained beyond %d\n",
		secrets.Version, s.comparisons, s.their, s.our, s.equal, s.missing, s.beyond)
	for _, class := range slices.Sorted(maps.Keys(s.classes)) {
		fmt.Fprintf(w, "  %-20s %d\n", class, s.classes[class])
	}
}

// compareTree runs both programs over a folder and fails for what differs.
func compareTree(t *testing.T, name, dir string, set settings) *comparison {
	t.Helper()
	dir = real(t, dir)
	leaks := theirRun{mode: "dir", target: dir, set: set}.run(t)
	res := oursOn(t, openTree(t, dir), dir, set)
	checkStatus(t, res, set)
	c := newComparison(t, "dir", name, leaks, res.Findings, prefixOf(t, dir))
	c.config = configText(set)
	c.text = func(k key) string {
		data, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(k.file)))
		if err != nil {
			return ""
		}
		return string(data)
	}
	c.report(t)
	return c
}

// checkStatus fails where we could not look at everything: the command could.
func checkStatus(t *testing.T, res scan.Result, set settings) {
	t.Helper()
	partial := res.Status != finding.StatusOK && res.Status != finding.StatusNothing
	if partial != (set.broken != "") || !strings.Contains(res.Reason, set.broken) {
		t.Errorf("ours is %s: %s", res.Status, res.Reason)
	}
}

// files are a tree's files by path.
type files map[string]string

func (f files) write(t *testing.T, dir string) string {
	t.Helper()
	for path, content := range f {
		full := filepath.Join(dir, filepath.FromSlash(path))
		if err := os.MkdirAll(filepath.Dir(full), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(full, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// sorted gives the paths in order: what is made in it is the same every time.
func sorted(f files) []string { return slices.Sorted(maps.Keys(f)) }

func seeded(n uint64) *rand.Rand { return rand.New(rand.NewPCG(n, 8301)) }

func TestEveryRuleFindsWhatGitleaksFinds(t *testing.T) {
	t.Parallel()
	rng := seeded(1)
	tree := make(files)
	n := 4
	if testing.Short() {
		n = 1
	}
	all := samples(t, rng, n)
	for i, s := range all {
		tree[fmt.Sprintf("alone/%d/%s", i, s.path)] = s.text + "\n"
	}
	for _, e := range encodings {
		for i, s := range all {
			if i%n == 0 {
				tree[fmt.Sprintf("encoded/%s/%d/%s", e.name, i, s.path)] = "first line\nvalue: " + e.encode(s.text) + "\nlast line"
			}
		}
	}
	for group, path := range []string{"together/lines.txt", "together/crlf.txt", "together/blank.txt"} {
		var b strings.Builder
		for i := group % n; i < len(all); i += n {
			b.WriteString(all[i].text + [3]string{"\n", "\r\n", "\n\n"}[group])
		}
		tree[path] = b.String()
	}
	c := compareTree(t, "every rule", tree.write(t, t.TempDir()), settings{})
	rules := make(map[string]bool)
	for k := range c.theirs {
		rules[k.rule] = true
	}
	t.Logf("gitleaks finds something by %d rules", len(rules))
	if len(rules) < 150 {
		t.Errorf("the samples satisfy %d rules only", len(rules))
	}
}
