package secrets

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"

	"github.com/boltseal/boltseal/internal/finding"
)

// Native are the engine's own files, as a target brings them. The zero value is a
// target without any.
type Native struct {
	// Config is a .gitleaks.toml; the default rules where it is nil.
	Config *File
	// Ignore are .gitleaksignore files.
	Ignore []File
	// Baseline is a report of gitleaks in JSON: what it lists is known.
	Baseline *File
	// Open reads what Config extends, by the path that it gives; nil where nothing
	// can be read.
	Open func(path string) ([]byte, error)
}

// File is a file with its path relative to the repository root.
type File struct {
	Name string
	Text []byte
}

// native is Native made ready. Read-only.
type native struct {
	rules    *ruleSet
	ignore   []*ignoreList
	baseline *baseline
	// known hashes secrets for the comparison with the baseline: under a key of
	// this run, so that nobody can make a secret that passes for a known one.
	known finding.Hasher
	// own are the paths of these files, which the engine does not look at.
	own map[string]bool
	// notes are worth telling, and change nothing.
	notes []string
	// digest changes with all that changes a part.
	digest string
}

// prepare reads the files of a target. An error names the file, and where in it.
func (n Native) prepare() (*native, error) {
	out := &native{own: make(map[string]bool)}
	var err error
	if n.Config == nil {
		out.rules, err = defaultRules()
	} else {
		out.own[n.Config.Name] = true
		out.rules, out.notes, err = customRules(n)
	}
	if err != nil {
		return nil, err
	}
	out.digest = out.rules.digest
	for _, f := range n.Ignore {
		list, notes := parseIgnore(f.Name, f.Text)
		out.ignore = append(out.ignore, list)
		out.notes = append(out.notes, notes...)
	}
	if n.Baseline != nil {
		out.own[n.Baseline.Name] = true
		key := make([]byte, 32)
		if _, err := rand.Read(key); err != nil {
			return nil, fmt.Errorf("making a key: %w", err)
		}
		out.known = finding.Hasher{Key: key}
		if out.baseline, err = parseBaseline(n.Baseline.Name, n.Baseline.Text, out.known.Hash); err != nil {
			return nil, err
		}
		sum := sha256.Sum256(n.Baseline.Text)
		out.digest += " baseline/" + hex.EncodeToString(sum[:])
	}
	for _, name := range slices.Sorted(maps.Keys(out.own)) {
		out.digest += fmt.Sprintf(" own/%q", name)
	}
	return out, nil
}

func customRules(n Native) (*ruleSet, []string, error) {
	open := n.Open
	if open == nil {
		open = func(path string) ([]byte, error) { return nil, fmt.Errorf("there is nothing to read %q from", path) }
	}
	cfg, notes, err := loadTOML(n.Config.Name, n.Config.Text, open)
	if err != nil {
		return nil, nil, err
	}
	rules, err := newRuleSet(cfg, digestOf(cfg))
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", n.Config.Name, err)
	}
	return rules, notes, nil
}

// ignoredBy says which ignore file lists a finding; empty for none.
func (n *native) ignoredBy(commit, file, rule string, line int) string {
	for _, l := range n.ignore {
		if l.match(commit, file, rule, line) {
			return l.name
		}
	}
	return ""
}
