package secrets_test

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/boltseal/boltseal/internal/finding"
)

// key is what makes two findings the same. The hash is of the secret; empty where
// the name of a file is the finding.
type key struct {
	rule, file, commit string
	line               int
	hash               string
}

func (k key) String() string {
	place := k.file
	if k.commit != "" {
		place = k.commit[:min(8, len(k.commit))] + ":" + k.file
	}
	return fmt.Sprintf("%s %q line %d secret %.8s", k.rule, place, k.line, k.hash)
}

func compareKeys(a, b key) int {
	return cmp.Or(cmp.Compare(a.commit, b.commit), cmp.Compare(a.file, b.file), cmp.Compare(a.line, b.line),
		cmp.Compare(a.rule, b.rule), cmp.Compare(a.hash, b.hash))
}

// comparison is what both programs found in one place, and what of it is equal.
type comparison struct {
	mode, name string
	theirs     map[key][]leak
	ours       map[key][]finding.Finding
	equal      int
	classes    map[string]int // by class of testdata/beyond.yaml
	missing    []key
	beyond     []key
	// text gives the content in which a finding stands, as the command read it: a
	// file, or the file at a commit.
	text       func(key) string
	cutAlready map[string][]string // of chunks
	config     string              // a custom configuration
	inGit      int                 // findings of the command below .git folders, which a scan of a tree leaves to that of history
	// Of a history: whether a commit is a merge, what git does not diff, what became
	// a file that was a link.
	isMerge     func(commit string) bool
	attribute   func(key) string
	typeChanged func(key) bool
}

// newComparison puts side by side what both found.
func newComparison(t *testing.T, mode, name string, leaks []leak, found []finding.Finding, prefix string) *comparison {
	t.Helper()
	mask := masker()
	c := &comparison{
		mode: mode, name: name, classes: make(map[string]int),
		theirs: make(map[key][]leak), ours: make(map[key][]finding.Finding),
	}
	for _, l := range leaks {
		if mode == "dir" && slices.Contains(strings.Split(l.file, "/"), ".git") {
			c.inGit++
			continue
		}
		k := key{l.rule, mask(l.file), l.commit, l.line, ""}
		if l.secret != "" {
			k.hash = hasher.Hash(l.secret)
		}
		if k.hash == "" {
			k.line = 0
		}
		c.theirs[k] = append(c.theirs[k], l)
	}
	for i := range found {
		f := &found[i]
		if f.Ignored != "" {
			continue
		}
		k := key{f.Rule, strings.TrimPrefix(f.Location.Path, prefix), f.Location.Commit, f.Location.StartLine, ""}
		if f.Secret != nil {
			k.hash = f.Secret.Hash
		}
		if k.hash == "" {
			k.line = 0
		}
		c.ours[k] = append(c.ours[k], *f)
	}
	return c
}

// judge sorts every difference into a class, or into those that nothing explains.
func (c *comparison) judge(t *testing.T) {
	t.Helper()
	all := make(map[key]bool)
	for k := range c.theirs {
		all[k] = true
	}
	for k := range c.ours {
		all[k] = true
	}
	for _, k := range slices.SortedFunc(maps.Keys(all), compareKeys) {
		a, b := len(c.theirs[k]), len(c.ours[k])
		c.equal += min(a, b)
		for range a - b {
			c.sort(&c.missing, k, explainMissing(c, k))
		}
		for range b - a {
			c.sort(&c.beyond, k, explainBeyond(c, k))
		}
	}
}

func (c *comparison) sort(into *[]key, k key, class string) {
	if class == "" {
		*into = append(*into, k)
		return
	}
	c.classes[class]++
}

// shownKeys is how many unexplained differences are named.
const shownKeys = 25

// report prints the counts and fails for what nothing explains.
func (c *comparison) report(t *testing.T) {
	t.Helper()
	c.judge(t)
	their, our := 0, 0
	for _, l := range c.theirs {
		their += len(l)
	}
	for _, f := range c.ours {
		our += len(f)
	}
	classes := make([]string, 0, len(c.classes))
	for _, name := range slices.Sorted(maps.Keys(c.classes)) {
		classes = append(classes, fmt.Sprintf("%s %d", name, c.classes[name]))
	}
	t.Logf("%s %s: gitleaks %d, ours %d, equal %d, missing %d, unexplained beyond %d, by class: %s",
		c.mode, c.name, their, our, c.equal, len(c.missing), len(c.beyond), cmp.Or(strings.Join(classes, ", "), "none"))
	if c.inGit > 0 {
		t.Logf("left out: %d findings of gitleaks below .git", c.inGit)
	}
	total.add(c, their, our)
	for _, m := range c.missing[:min(len(c.missing), shownKeys)] {
		t.Errorf("gitleaks finds more: %s", m)
	}
	for _, b := range c.beyond[:min(len(c.beyond), shownKeys)] {
		t.Errorf("ours alone, in no class: %s", b)
	}
}
