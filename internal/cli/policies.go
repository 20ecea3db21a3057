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
)

// policyNames are the names of the policy file, in the order of preference.
var policyNames = []string{".boltseal.yaml", ".boltseal.yml"}

// maxPolicy is the largest policy file that is read, in bytes.
const maxPolicy = 1 << 20

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
		return set, set.load(named)
	}
	var files []string
	for _, dir := range dirs {
		found, err := findPolicies(ctx, dir)
		if err != nil {
			return nil, err
		}
		var own []int
		for _, f := range found {
			i := slices.Index(files, f)
			if i < 0 {
				i = len(files)
				files = append(files, f)
				if err := set.load(f); err != nil {
					return nil, err
				}
			}
			own = append(own, i)
		}
		set.byTarget = append(set.byTarget, own)
	}
	return set, nil
}

func (s *policySet) load(file string) error {
	data, err := readPolicy(file)
	if err != nil {
		return usage(err)
	}
	p, err := policy.Load(shown(file), data)
	if err != nil {
		return usage(err)
	}
	s.loaded = append(s.loaded, p)
	return nil
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
	return bound
}

// findPolicies looks upwards from a folder.
func findPolicies(ctx context.Context, dir string) ([]string, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, noVerdict(fmt.Errorf("looking for the policy: %w", err))
	}
	// The tree that is scanned is where a link leads, and so is its policy. What
	// is not there at all is told when it is opened.
	if real, err := filepath.EvalSymlinks(dir); err == nil {
		dir = real
	}
	top := dir
	repo, err := git.Find(ctx, dir)
	switch {
	case err == nil:
		top = repo.Root
	case !errors.Is(err, git.ErrNoRepository):
		return nil, noVerdict(fmt.Errorf("looking for the policy: %w", err))
	}
	var found []string
	for {
		for _, name := range policyNames {
			path := filepath.Join(dir, name)
			_, err := os.Lstat(path)
			if err == nil {
				found = append(found, path)
				break
			}
			if !errors.Is(err, fs.ErrNotExist) {
				return nil, noVerdict(fmt.Errorf("looking for the policy: %w", err))
			}
		}
		parent := filepath.Dir(dir)
		if dir == top || parent == dir {
			return found, nil
		}
		dir = parent
	}
}

// readPolicy reads a policy file: a regular one, as a link could lead anywhere.
func readPolicy(path string) ([]byte, error) {
	info, err := os.Lstat(path)
	if err != nil {
		return nil, fmt.Errorf("reading policy: %w", err)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("reading policy %s: not a regular file; a policy cannot be a link or a device", shown(path))
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("reading policy: %w", err)
	}
	defer f.Close() //nolint:errcheck // only read from
	data, err := io.ReadAll(io.LimitReader(f, maxPolicy+1))
	if err != nil {
		return nil, fmt.Errorf("reading policy: %w", err)
	}
	if len(data) > maxPolicy {
		return nil, fmt.Errorf("reading policy %s: larger than %d bytes", shown(path), maxPolicy)
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
