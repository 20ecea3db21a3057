package cli

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/boltseal/boltseal/internal/gate"
	"github.com/boltseal/boltseal/internal/git"
	"github.com/boltseal/boltseal/internal/policy"
)

// place gives the path of a file in the repository; false for one outside of it.
func (a *anchor) place(file string) (string, bool) {
	full, err := filepath.Abs(file)
	if err != nil {
		return "", false
	}
	// The file itself may be gone from the checkout, or be a link by now.
	dir, err := filepath.EvalSymlinks(filepath.Dir(full))
	if err != nil {
		return "", false
	}
	rel, err := filepath.Rel(a.repo.Root, filepath.Join(dir, filepath.Base(full)))
	if err != nil || !filepath.IsLocal(rel) {
		return "", false
	}
	return filepath.ToSlash(rel), true
}

// policies finds those of a folder at the trusted commit, and beside them what counts
// of those that the change under test changes.
func (a *anchor) policies(ctx context.Context, folder, dir string) (foundPolicies, error) {
	files := a.files(ctx)
	found, err := findIn(files, folder, files.paths)
	if err != nil || !a.change {
		return found, err
	}
	if slices.ContainsFunc(found.policies, func(p *policy.Policy) bool { return p.Trust.HeadMay == policy.HeadIgnored }) {
		return found, nil
	}
	changed, err := a.changedPolicies(ctx, folder)
	if err != nil {
		return foundPolicies{}, err
	}
	trusted := slices.Clone(found.policies)
	for _, c := range changed {
		head := gate.Head{Path: c.path, Target: "dir:" + filepath.ToSlash(filepath.Clean(dir)), Changed: c.policy}
		i := slices.IndexFunc(trusted, func(p *policy.Policy) bool { return p.Path == c.path })
		if i >= 0 {
			head.Trusted = trusted[i]
		}
		if c.policy != nil {
			found.policies = append(found.policies, policy.HeadOf(c.policy, head.Trusted))
		}
		if c.policy != nil || head.Trusted != nil {
			found.heads = append(found.heads, head)
		}
	}
	return found, nil
}

// changedPolicy is a policy file that the change touches; without a policy where it
// takes the file away.
type changedPolicy struct {
	path   string
	policy *policy.Policy
}

// maxChangedPolicies bounds the policy files that a change may touch.
const maxChangedPolicies = 200

// changedPolicies are the policy files for a folder that are not as they were where
// the change started. One that is merely old is not the change's.
func (a *anchor) changedPolicies(ctx context.Context, folder string) ([]changedPolicy, error) {
	now, err := a.policyFiles(ctx, a.head, folder)
	if err != nil {
		return nil, err
	}
	was, err := a.policyFiles(ctx, a.since, folder)
	if err != nil {
		return nil, err
	}
	var paths []string
	for p, f := range now {
		if was[p] != f {
			paths = append(paths, p)
		}
	}
	for p := range was {
		if _, there := now[p]; !there {
			paths = append(paths, p)
		}
	}
	if len(paths) > maxChangedPolicies {
		return nil, fmt.Errorf("%w: the change touches %d policies, more than %d", policy.ErrBad, len(paths), maxChangedPolicies)
	}
	slices.Sort(paths)
	files := commitFiles{ctx: ctx, objects: a.objects, commit: a.head, whose: " of the change"}
	changed := make([]changedPolicy, 0, len(paths))
	for _, p := range paths {
		c := changedPolicy{path: p}
		if _, there := now[p]; there {
			if c.policy, err = a.headPolicy(files, p, folder); err != nil {
				return nil, err
			}
		}
		changed = append(changed, c)
	}
	return changed, nil
}

// policyFiles gives the policy files of a commit that are about a folder: its own,
// those above and those below. An empty commit has none.
func (a *anchor) policyFiles(ctx context.Context, commit, folder string) (map[string]git.TreeFile, error) {
	found := make(map[string]git.TreeFile)
	if commit == "" {
		return found, nil
	}
	files, err := a.tree(ctx, commit)
	for _, f := range files {
		if policy.IsAbout(f.Path, folder) {
			found[f.Path] = f
		}
	}
	return found, err
}

func (a *anchor) headPolicy(files commitFiles, path, folder string) (*policy.Policy, error) {
	data, err := files.Read(path)
	if err != nil {
		return nil, fmt.Errorf("reading policy %s: %w", files.Name(path), err)
	}
	p, err := policy.Load(files.Name(path), data)
	if err != nil {
		return nil, err
	}
	p.Ref, p.Under = a.head, policy.UnderOf(path, folder)
	return p, nil
}
