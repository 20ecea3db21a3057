package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/boltseal/boltseal/internal/git"
	"github.com/boltseal/boltseal/internal/policy"
	"github.com/boltseal/boltseal/internal/yamlpos"
)

// policySet are the policies of a run, by the file that each was read from.
type policySet struct {
	loaded []*policy.Policy
	// byTarget holds, for each target, the indices of those that apply to it; nil
	// when the user named a policy, which applies to all.
	byTarget [][]int
}

// loadPolicies reads the policy named by the user, else those that apply to the
// targets, whose folders are given: from each folder upwards to the root of its
// repository, or in that folder alone where there is none. Where two apply to a
// target, both judge it; where none does, the built-in default.
func loadPolicies(ctx context.Context, named string, dirs []string) (*policySet, error) {
	set := &policySet{}
	if named != "" {
		p, err := loadNamed(named)
		if err != nil {
			return nil, badPolicy(err)
		}
		set.loaded = []*policy.Policy{p}
		return set, nil
	}
	var keys []string // of the loaded ones
	for _, dir := range dirs {
		found, err := findPolicies(ctx, dir)
		if err != nil {
			return nil, badPolicy(err)
		}
		var own []int
		for _, p := range found {
			i := slices.Index(keys, p.Path)
			if i < 0 {
				i = len(keys)
				keys = append(keys, p.Path)
				set.loaded = append(set.loaded, p)
			}
			own = append(own, i)
		}
		set.byTarget = append(set.byTarget, own)
	}
	return set, nil
}

// badPolicy tells a policy file that is wrong from one that cannot be read: of
// that one nobody knows what it says.
func badPolicy(err error) error {
	var faults yamlpos.Errors
	if errors.As(err, &faults) || errors.Is(err, policy.ErrBad) || errors.Is(err, fs.ErrNotExist) {
		return usage(err)
	}
	return noVerdict(err)
}

// bind gives the policies with the names of the targets that each of them judges;
// names are in the order of the folders given to loadPolicies.
func (s *policySet) bind(names [][]string) []*policy.Policy {
	if len(s.loaded) == 0 {
		return []*policy.Policy{policy.Default()}
	}
	bound := make([]*policy.Policy, len(s.loaded))
	judged := make([]int, len(s.loaded))
	for i, p := range s.loaded {
		copied := *p
		bound[i] = &copied
	}
	for t, own := range s.byTarget {
		for _, i := range own {
			bound[i].Targets = append(bound[i].Targets, names[t]...)
			judged[i]++
		}
	}
	for i := range bound {
		if judged[i] == len(s.byTarget) {
			bound[i].Targets = nil // all of them
		}
	}
	adopt(bound, s.byTarget)
	return bound
}

// adopt makes each policy a child of those above it: they apply to the same targets
// and come later, as the nearest is found first.
func adopt(policies []*policy.Policy, byTarget [][]int) {
	for _, own := range byTarget {
		for n, i := range own {
			for _, above := range own[n+1:] {
				if parent := policies[above]; !slices.Contains(parent.Children, policies[i]) {
					parent.Children = append(parent.Children, policies[i])
				}
			}
		}
	}
}

// findPolicies looks upwards from a folder to the root of its repository.
func findPolicies(ctx context.Context, dir string) ([]*policy.Policy, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("looking for the policy: %w", err)
	}
	// The tree that is scanned is where a link leads, and so is its policy. What
	// is not there at all is told when it is opened.
	if real, err := filepath.EvalSymlinks(dir); err == nil {
		dir = real
	}
	root := dir
	repo, err := git.Find(ctx, dir)
	switch {
	case err == nil:
		root = repo.Root
	case !errors.Is(err, git.ErrNoRepository):
		return nil, fmt.Errorf("looking for the policy: %w", err)
	}
	rel, err := filepath.Rel(root, dir)
	if err != nil {
		return nil, fmt.Errorf("looking for the policy: %w", err)
	}
	return policy.Find(workTree{root}, filepath.ToSlash(rel))
}

// loadNamed loads the policy that the user named, which may be a link: mounted
// configuration often is.
func loadNamed(file string) (*policy.Policy, error) {
	real, err := filepath.EvalSymlinks(file)
	if err != nil {
		return nil, fmt.Errorf("reading policy %s: %w", shown(file), err)
	}
	data, err := workTree{filepath.Dir(real)}.Read(filepath.Base(real))
	if err != nil {
		return nil, fmt.Errorf("reading policy %s: %w", shown(file), err)
	}
	return policy.Load(shown(file), data)
}

// workTree reads policies as they are checked out; it implements policy.Files.
type workTree struct{ root string }

func (w workTree) path(p string) string { return filepath.Join(w.root, filepath.FromSlash(p)) }

func (w workTree) Name(p string) string { return shown(w.path(p)) }

func (workTree) Ref() string { return "" }

// Read reads a regular file: a link could lead anywhere.
func (w workTree) Read(p string) ([]byte, error) {
	info, err := os.Lstat(w.path(p))
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%w: not a regular file; a policy cannot be a link or a device", policy.ErrBad)
	}
	f, err := os.Open(w.path(p))
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // only read from
	data, err := io.ReadAll(io.LimitReader(f, policy.MaxBytes+1))
	if err != nil {
		return nil, err
	}
	if len(data) > policy.MaxBytes {
		return nil, fmt.Errorf("%w: larger than %d bytes", policy.ErrBad, policy.MaxBytes)
	}
	return data, nil
}

// shown gives a path as messages and reports show it: relative to the current
// folder where it lies below, so that no report depends on a machine.
func shown(path string) string {
	abs, err := filepath.Abs(path)
	if err != nil {
		return filepath.ToSlash(path)
	}
	wd, err := os.Getwd()
	if err != nil {
		return filepath.ToSlash(path)
	}
	rel, err := filepath.Rel(wd, abs)
	if err != nil {
		return filepath.ToSlash(path)
	}
	return filepath.ToSlash(rel)
}
