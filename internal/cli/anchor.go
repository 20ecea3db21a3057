package cli

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/gate"
	"github.com/boltseal/boltseal/internal/git"
	"github.com/boltseal/boltseal/internal/policy"
	"github.com/boltseal/boltseal/internal/report"
	"github.com/boltseal/boltseal/internal/scan"
	"github.com/boltseal/boltseal/internal/source/tree"
)

// anchor is what the scan of a repository holds on to beside the checkout: a commit
// that is trusted, and one to compare with.
type anchor struct {
	// repo is the repository with what was fetched for it, objects are its objects.
	repo    *git.Repo
	objects *git.Objects
	store   *git.Store // nil where nothing was fetched
	// trusted is the commit at which policies and other tools' files are read; empty
	// for the checkout itself. branch is what people call it.
	trusted, branch string
	// head is the commit that is checked out; empty where there is none.
	head string
	// fetched says that head was fetched and is scanned from git's objects; something
	// else is checked out.
	fetched bool
	// since is the commit to compare with; empty for none, or where allNew says that
	// there is nothing that it could be.
	since  string
	allNew bool
	// unmarked says that the policy does not want to know what is new: since says
	// where the change started, and no more.
	unmarked bool
	// from is the revision whose commits are none of the change's.
	from string
	// change says that somebody's proposal is under test.
	change bool
	// trees are those of commits that were listed, by commit.
	trees map[string][]git.TreeFile
}

// tree lists the files of a commit, of each once.
func (a *anchor) tree(ctx context.Context, commit string) ([]git.TreeFile, error) {
	if files, ok := a.trees[commit]; ok {
		return files, nil
	}
	files, err := a.objects.Tree(ctx, commit, "")
	if err != nil {
		return nil, err
	}
	if a.trees == nil {
		a.trees = make(map[string][]git.TreeFile)
	}
	a.trees[commit] = files
	return files, nil
}

// close gives back what the anchor holds.
func (a *anchor) close() error {
	var errs []error
	if a.objects != nil {
		errs = append(errs, a.objects.Close())
	}
	if a.store != nil {
		errs = append(errs, a.store.Close())
	}
	return errors.Join(errs...)
}

// compares says that findings are told apart into new and old ones.
func (a *anchor) compares() bool { return a.since != "" || a.allNew }

// files reads policies at the trusted commit, as policies are found there.
func (a *anchor) files(ctx context.Context) commitFiles {
	return commitFiles{ctx: ctx, objects: a.objects, commit: a.trusted, tree: a.tree}
}

// at gives the place of a folder or file in the repository; "" for its root.
func (a *anchor) at(path string) string {
	if at := a.folder(path); at != "." {
		return at
	}
	return ""
}

// folder gives the place of a folder in the repository; "." for one outside of it.
func (a *anchor) folder(dir string) string {
	real, err := realPath(dir)
	if err != nil {
		return "."
	}
	rel, err := filepath.Rel(a.repo.Root, real)
	if err != nil || !filepath.IsLocal(rel) {
		return "."
	}
	return filepath.ToSlash(rel)
}

// revisions are the commits that the change consists of.
func (a *anchor) revisions() []string {
	if a.allNew {
		return []string{a.head}
	}
	return []string{a.from + ".." + a.head}
}

// comparison is what the findings of a folder, or of a file, are held against.
func (a *anchor) comparison(path string, policies func() []*policy.Policy) *gate.Comparison {
	at := a.at(path)
	c := &gate.Comparison{AllNew: a.allNew && !a.unmarked}
	if a.since != "" && !a.unmarked {
		c.Since = a.reference(a.since, at, policies)
	}
	switch {
	case a.trusted == "" || a.trusted == a.head: // what is checked out is what is trusted
	case a.trusted == a.since && c.Since != nil:
		c.Trusted = c.Since
	default:
		c.Trusted = a.reference(a.trusted, at, policies)
	}
	return c
}

func (a *anchor) reference(commit, at string, policies func() []*policy.Policy) *gate.Reference {
	return &gate.Reference{
		Name: fmt.Sprintf("commit %.12s", commit),
		Open: func(ctx context.Context, target string, looks map[string]bool) (scan.Source, error) {
			return tree.OpenCommit(ctx, tree.CommitOptions{Repo: a.repo, Commit: commit, Path: at, Name: target, Looks: looks})
		},
		Moved: func(ctx context.Context) (map[string]string, error) {
			renamed, err := a.renames(ctx, commit, at)
			if err != nil {
				return nil, err
			}
			moved, alike := make(map[string]string), policy.Alike(policies())
			for now, old := range renamed {
				if alike(old, now) {
					moved[old] = now
				}
			}
			return moved, nil
		},
	}
}

// renames are the files that have moved since a commit, their old paths by their new ones.
func (a *anchor) renames(ctx context.Context, commit, at string) (map[string]string, error) {
	if a.fetched {
		return a.objects.RenamesIn(ctx, commit, a.head, at)
	}
	return a.objects.Renames(ctx, commit, at)
}

// reader reads files of the head commit, of at most so many bytes.
func (a *anchor) reader(ctx context.Context) func(path string, most int64) ([]byte, error) {
	return func(path string, most int64) ([]byte, error) {
		data, err := a.objects.ReadFile(ctx, a.head, path, most+1)
		if err == nil && int64(len(data)) > most {
			err = fmt.Errorf("reading %q: no file of at most %d bytes", path, most)
		}
		return data, err
	}
}

// anchors gives the anchors of a run: of a CI job the one that its event says, else
// those that the user asks for, one for each repository.
type anchors struct {
	job        *anchor
	policyFrom string
	newFrom    string
	byRoot     map[string]*anchor
}

// fetched gives the job's anchor where its head is not what is checked out; else nil.
func (s *anchors) fetched() *anchor {
	if s == nil || s.job == nil || !s.job.fetched {
		return nil
	}
	return s.job
}

// of gives the anchor of a folder; nil where nothing but the checkout counts.
func (s *anchors) of(ctx context.Context, dir string) (*anchor, error) {
	if s.job != nil {
		return s.job, nil
	}
	if s.policyFrom == "" && s.newFrom == "" {
		return nil, nil //nolint:nilnil // documented
	}
	real, err := realPath(dir)
	if err != nil {
		return nil, nil //nolint:nilerr,nilnil // the target itself will say so
	}
	repo, err := git.Find(ctx, real)
	if err != nil {
		return nil, noVerdict(fmt.Errorf("%s: %w", dir, err))
	}
	if a := s.byRoot[repo.Root]; a != nil {
		return a, nil
	}
	a := &anchor{repo: repo}
	if a.objects, err = repo.Objects(ctx); err != nil {
		return nil, noVerdict(err)
	}
	if s.byRoot == nil {
		s.byRoot = make(map[string]*anchor)
	}
	s.byRoot[repo.Root] = a
	return a, s.fill(ctx, a)
}

// fill resolves what the user named.
func (s *anchors) fill(ctx context.Context, a *anchor) error {
	var err error
	if a.head, err = a.objects.Head(ctx); err != nil {
		return noVerdict(err)
	}
	if s.policyFrom != "" {
		if a.trusted, err = a.repo.Resolve(ctx, s.policyFrom); err != nil {
			return unresolved("--policy-from", err)
		}
		a.branch = s.policyFrom
	}
	if s.newFrom == "" {
		return nil
	}
	from, err := a.repo.Resolve(ctx, s.newFrom)
	if err != nil {
		return unresolved("--new-from", err)
	}
	if a.head == "" {
		return noVerdict(errors.New("--new-from: there is no commit yet to compare"))
	}
	if a.since, err = a.objects.CommonAncestor(ctx, from, a.head); err != nil {
		return noVerdict(fmt.Errorf("--new-from %q: %w", s.newFrom, err))
	}
	a.allNew, a.from = a.since == "", from
	return nil
}

// unresolved is a revision that names no commit: it is no verdict, as a clone that
// lacks it is more likely than a mistyped one.
func unresolved(flag string, err error) error {
	return noVerdict(fmt.Errorf("%s: %w", flag, err))
}

// all are the anchors that were asked for.
func (s *anchors) all() []*anchor {
	if s.job != nil {
		return []*anchor{s.job}
	}
	var all []*anchor
	for _, a := range s.byRoot {
		all = append(all, a)
	}
	slices.SortFunc(all, func(a, b *anchor) int { return strings.Compare(a.repo.Root, b.repo.Root) })
	return all
}

func (s *anchors) close() error {
	var errs []error
	for _, a := range s.all() {
		errs = append(errs, a.close())
	}
	return errors.Join(errs...)
}

// hasher makes the hashes by which secrets of one run are compared, under a key that
// nobody knows; the zero value where nothing is compared. Those of a stored run are too
// short to be compared: without a key of the user's its secrets are not known.
func (o scanOptions) hasher() (finding.Hasher, error) {
	if len(o.anchors.all()) == 0 && o.baselineRun == "" && o.newFromImage == "" {
		return finding.Hasher{}, nil
	}
	key := make([]byte, 32)
	if _, err := rand.Read(key); err != nil {
		return finding.Hasher{}, noVerdict(fmt.Errorf("making a key: %w", err))
	}
	return finding.Hasher{Key: key}, nil
}

// change names the commits of the change under test; nil where there is none, or
// there are several.
func (s *anchors) change() *report.Change {
	all := s.all()
	if len(all) != 1 || !all[0].compares() {
		return nil
	}
	return &report.Change{Base: all[0].trusted, Head: all[0].head, MergeBase: all[0].since}
}

// anchorOf gives what a target holds on to, and what it is compared with: a folder and
// the commits that change it share one comparison.
func (p *prepared) anchorOf(ctx context.Context, t target, shared map[string]*gate.Comparison) (*anchor, *gate.Comparison) {
	if t.scheme != "dir" && !t.change {
		return nil, nil
	}
	a, err := p.options.anchors.of(ctx, t.dir())
	if err != nil || a == nil { // an error ended the run before
		return nil, nil
	}
	path := t.path
	if t.change {
		path = t.of
	}
	c := shared[path]
	if c == nil {
		c = a.comparison(path, func() []*policy.Policy { return p.bound })
		shared[path] = c
	}
	return a, c
}

// close gives back what the run held on to.
func (p *prepared) close(sys System) {
	if err := p.options.anchors.close(); err != nil {
		sys.warn("%v", err)
	}
}
