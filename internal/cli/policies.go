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

// loadPolicies reads the policy named by the user, else those that apply to the
// targets: from each target's folder upwards to the root of its repository, or in
// that folder alone where there is none. Where two apply, both judge. Without any
// the built-in default does.
func loadPolicies(ctx context.Context, named string, dirs []string) ([]*policy.Policy, error) {
	var files []string
	if named != "" {
		files = []string{named}
	} else {
		for _, dir := range dirs {
			found, err := findPolicies(ctx, dir)
			if err != nil {
				return nil, err
			}
			for _, f := range found {
				if !slices.Contains(files, f) {
					files = append(files, f)
				}
			}
		}
	}
	if len(files) == 0 {
		return []*policy.Policy{policy.Default()}, nil
	}
	slices.Sort(files)
	policies := make([]*policy.Policy, len(files))
	for i, f := range files {
		data, err := readPolicy(f)
		if err != nil {
			return nil, usage(err)
		}
		if policies[i], err = policy.Load(shown(f), data); err != nil {
			return nil, usage(err)
		}
	}
	return policies, nil
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
