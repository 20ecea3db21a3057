package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"

	"github.com/boltseal/boltseal/internal/gate"
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

// changedPolicies are the policy files for a folder that are not as they were where
// the change started. One that is merely old is not the change's.
func (a *anchor) changedPolicies(ctx context.Context, folder string) ([]changedPolicy, error) {
	head := commitFiles{ctx: ctx, objects: a.objects, commit: a.head, whose: " of the change"}
	before := commitFiles{ctx: ctx, objects: a.objects, commit: a.since}
	paths, err := policyFiles(head, folder)
	if err != nil {
		return nil, err
	}
	if a.since != "" {
		more, err := policyFiles(before, folder)
		if err != nil {
			return nil, err
		}
		paths = append(paths, more...)
		slices.Sort(paths)
		paths = slices.Compact(paths)
	}
	var changed []changedPolicy
	for _, p := range paths {
		c, same, err := a.changedPolicy(head, before, p, folder)
		if err != nil {
			return nil, err
		}
		if !same {
			changed = append(changed, c)
		}
	}
	return changed, nil
}

// policyFiles lists the policy files of a commit that are about a folder: its own,
// those above and those below.
func policyFiles(files commitFiles, folder string) ([]string, error) {
	all, err := files.paths()
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(all, func(p string) bool { return !policy.IsAbout(p, folder) }), nil
}

func (a *anchor) changedPolicy(head, before commitFiles, path, folder string) (c changedPolicy, same bool, err error) {
	c.path = path
	now, err := head.Read(path)
	gone := errors.Is(err, fs.ErrNotExist)
	if err != nil && !gone {
		return c, false, fmt.Errorf("reading policy %s: %w", head.Name(path), err)
	}
	if a.since != "" {
		was, err := before.Read(path)
		switch {
		case err == nil && !gone && slices.Equal(was, now):
			return c, true, nil
		case errors.Is(err, fs.ErrNotExist) && gone:
			return c, true, nil
		}
	}
	if gone {
		return c, false, nil
	}
	if c.policy, err = policy.Load(head.Name(path), now); err != nil {
		return c, false, err
	}
	c.policy.Ref, c.policy.Under = a.head, policy.UnderOf(path, folder)
	return c, false, nil
}
