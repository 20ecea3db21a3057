// Package history is the source of what commits add: each hunk's added lines are
// an entry, and each binary file that a commit brings. Of a merge only lines count
// that none of its parents has.
//
// Commits are walked in blocks, oldest first, each by a git of its own, so that all
// cores work and what was made of a block can be kept.
package history

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/boltseal/boltseal/internal/git"
	"github.com/boltseal/boltseal/internal/scan"
)

// Options say which commits are walked.
type Options struct {
	// Revs are revisions and ranges as for git log: main..HEAD, v1.0, ^old.
	// None means all that is reachable from a ref, the stash and the HEADs of all
	// work trees.
	Revs []string
	// Name is how the target is called in place of what was asked for; empty for none.
	Name string
	// Repo is the repository, where that is known already; nil looks for it.
	Repo *git.Repo
}

// Source is a set of commits.
type Source struct {
	target  scan.Target
	objects *git.Objects
	sub     string       // only below this path, "" is the root
	commits []git.Commit // oldest first
	units   []scan.Unit
	// vendored is what blocks have learnt of folders that nobody wants.
	vendored vendored
	// problems are what kept commits from the list.
	problems []problem
	notes    []string
}

// problem is something that could not be looked at before any walk began.
type problem struct {
	where string
	err   error
}

// Open opens the history of the repository that holds dir; where dir is a folder
// below its root, only what commits add below it. Paths are relative to the root of
// the repository. The target is called "git:" and the path as it was typed, and
// what was asked for: "git:.@main..HEAD".
func Open(ctx context.Context, dir string, opt Options) (*Source, error) {
	repo, sub, err := locate(ctx, dir, opt.Repo)
	if err != nil {
		return nil, err
	}
	objects, err := repo.Objects(ctx)
	if err != nil {
		return nil, fmt.Errorf("opening history of %q: %w", dir, err)
	}
	s := &Source{
		target:  scan.Target{Kind: scan.KindHistory, Name: "git:" + filepath.ToSlash(filepath.Clean(dir))},
		objects: objects, sub: sub, vendored: vendored{many: manyLeft},
	}
	if name := cmp.Or(opt.Name, strings.Join(opt.Revs, ",")); name != "" {
		s.target.Name += "@" + name
	}
	if err := s.list(ctx, repo, opt.Revs); err != nil {
		return nil, errors.Join(fmt.Errorf("opening history of %q: %w", dir, err), objects.Close())
	}
	s.split()
	return s, nil
}

// locate finds the repository that holds a folder, unless it is known, and the
// folder's place in it.
func locate(ctx context.Context, dir string, repo *git.Repo) (*git.Repo, string, error) {
	real, err := filepath.Abs(dir)
	if err == nil {
		real, err = filepath.EvalSymlinks(real)
	}
	if err != nil {
		return nil, "", fmt.Errorf("opening history of %q: %w", dir, err)
	}
	if repo == nil {
		repo, err = git.Find(ctx, real)
	}
	if errors.Is(err, git.ErrNoRepository) {
		return nil, "", fmt.Errorf("opening history of %q: %w: name a folder inside a work tree", dir, err)
	}
	if err != nil {
		return nil, "", err
	}
	if err := repo.Available(); err != nil {
		return nil, "", fmt.Errorf("opening history of %q: %w: install git, history cannot be read without it", dir, err)
	}
	sub, err := filepath.Rel(repo.Root, real)
	if err != nil {
		return nil, "", fmt.Errorf("opening history of %q: %w", dir, err)
	}
	if sub = filepath.ToSlash(sub); sub == "." {
		sub = ""
	}
	return repo, sub, nil
}

// list lists the commits and what keeps it from listing all of them.
func (s *Source) list(ctx context.Context, repo *git.Repo, revs []string) error {
	var err error
	if s.target.Digest, err = s.objects.Head(ctx); err != nil {
		return err
	}
	var in git.Range
	if len(revs) > 0 {
		in, err = repo.Range(ctx, revs...)
	} else {
		in, err = s.everything(ctx, repo)
	}
	if err != nil {
		return err
	}
	if s.commits, err = s.objects.Commits(ctx, in); err != nil && ctx.Err() != nil {
		return err
	}
	if err != nil {
		s.fail("list of commits", fmt.Errorf("%w; what follows was not scanned: run git fsck, or clone anew", err))
	}
	slices.Reverse(s.commits)
	s.checkBoundary()
	if len(s.commits) == 0 && len(s.problems) == 0 {
		s.notes = append(s.notes, fmt.Sprintf("%s: there are no commits", s.target.Name))
	}
	return nil
}

// everything is what all refs reach. Those that lead to nothing are a problem.
func (s *Source) everything(ctx context.Context, repo *git.Repo) (git.Range, error) {
	tips, messages, err := repo.Tips(ctx)
	if err != nil {
		return git.Range{}, err
	}
	for _, m := range messages {
		s.fail("refs", errors.New(m))
	}
	there, missing, err := s.objects.Present(ctx, tips)
	if err != nil {
		return git.Range{}, err
	}
	for _, id := range missing {
		s.fail("refs", fmt.Errorf("a ref leads to %s: %w", id, git.ErrMissing))
	}
	return git.Range{Include: there}, nil
}

// checkBoundary tells where a shallow clone cuts the history that was asked for.
func (s *Source) checkBoundary() {
	n, first := 0, ""
	for _, c := range s.commits {
		if s.objects.Shallow[c.ID] {
			if n++; first == "" {
				first = c.ID
			}
		}
	}
	if n > 0 {
		s.fail("commit "+first, fmt.Errorf("shallow clone: the commits before it, and before %d others, are not here; "+
			"clone with all of history (fetch-depth: 0), or run git fetch --unshallow", n-1))
	}
}

func (s *Source) fail(where string, err error) {
	s.problems = append(s.problems, problem{where, err})
}

// Target implements scan.Source.
func (s *Source) Target() scan.Target { return s.target }

// Notes are lines worth telling the user about what is walked.
func (s *Source) Notes() []string { return s.notes }

// Commits is how many commits are walked.
func (s *Source) Commits() int { return len(s.commits) }

// Units implements scan.Source: blocks of commits, oldest first.
func (s *Source) Units() []scan.Unit { return s.units }

// Close implements scan.Source.
func (s *Source) Close() error { return s.objects.Close() }
