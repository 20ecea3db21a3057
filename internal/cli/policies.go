package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/boltseal/boltseal/internal/gate"
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
	// files are where each of them was read.
	files map[*policy.Policy]policy.Files
	// parentFiles are where parents were read that are files, by path and commit.
	parentFiles map[[2]string]policy.Files
	// heads are those files that the change under test changes.
	heads []gate.Head
}

// loadPolicies reads the policy named by the user, else those that apply to the
// targets, whose folders are given, as they are checked out: from each folder upwards
// to the root of its repository, or in that folder alone where there is none, and
// those of the folders below it. Where two apply to a target, both judge it; where
// none does, the built-in default.
func loadPolicies(ctx context.Context, sys System, named string, places []policyPlace) (*policySet, error) {
	o := scanOptions{policy: named, anchors: &anchors{}}
	set, err := o.loadPolicies(ctx, places)
	if err != nil {
		return nil, err
	}
	remote, err := o.remote(sys, nil)
	if err != nil {
		return nil, err
	}
	return set, set.extend(o.parents(ctx, sys, set, remote))
}

// policyPlace is where the policies of a target are looked for: from a folder upwards,
// and where the target is the folder itself, also below it.
type policyPlace struct {
	dir  string
	tree bool
}

// loadPolicies reads policies at the trusted commit where there is one.
func (o scanOptions) loadPolicies(ctx context.Context, places []policyPlace) (*policySet, error) {
	set := &policySet{files: make(map[*policy.Policy]policy.Files), parentFiles: make(map[[2]string]policy.Files)}
	if o.policy != "" {
		p, files, err := o.loadNamed(ctx)
		if err != nil {
			return nil, badPolicy(err)
		}
		set.loaded, set.files[p] = []*policy.Policy{p}, files
		return set, nil
	}
	for _, place := range places {
		found, err := o.findPolicies(ctx, place)
		if err != nil {
			return nil, badPolicy(err)
		}
		set.byTarget = append(set.byTarget, set.add(found))
	}
	return set, nil
}

// readPolicies reads those of the targets, and their parents.
func (p *prepared) readPolicies(ctx context.Context, sys System, log *slog.Logger) (err error) {
	var places []policyPlace
	for _, t := range p.targets {
		places = append(places, policyPlace{t.dir(), t.isTree()})
	}
	if p.policies, err = p.options.loadPolicies(ctx, places); err != nil {
		return err
	}
	if err := p.policies.extend(p.options.parents(ctx, sys, p.policies, p.remote)); err != nil {
		return err
	}
	for _, pol := range p.policies.loaded {
		log.Debug("policy", "path", pol.Path, "digest", pol.Digest)
	}
	return nil
}

// add takes policies that are not there yet and gives the indices of all of them.
func (s *policySet) add(found foundPolicies) []int {
	var own []int
	for _, p := range found.policies {
		i := slices.IndexFunc(s.loaded, func(l *policy.Policy) bool { return l.Path == p.Path && l.Ref == p.Ref && l.Under == p.Under })
		if i < 0 {
			i = len(s.loaded)
			s.loaded = append(s.loaded, p)
			s.files[p] = found.files
		}
		own = append(own, i)
	}
	for _, h := range found.heads {
		if !slices.ContainsFunc(s.heads, func(other gate.Head) bool { return other.Path == h.Path }) {
			s.heads = append(s.heads, h)
		}
	}
	return own
}

// extend adds the policies that others extend, for the same targets.
func (s *policySet) extend(read policy.ReadParent) error {
	all, err := policy.Extended(s.loaded, read)
	if err != nil {
		return badPolicy(err)
	}
	of := make(map[*policy.Policy]int)
	for i, p := range all {
		of[p] = i
	}
	for t, own := range s.byTarget {
		// A parent of a parent comes before or after it.
		for more := true; more; {
			more = false
			for i := len(s.loaded); i < len(all); i++ {
				extends := slices.ContainsFunc(all[i].Children, func(c *policy.Policy) bool { return slices.Contains(own, of[c]) })
				if extends && !slices.Contains(own, i) {
					own, more = append(own, i), true
				}
			}
		}
		s.byTarget[t] = own
	}
	s.loaded = all
	return nil
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
	if !slices.ContainsFunc(s.loaded, func(p *policy.Policy) bool { return !p.Head }) {
		// What counts of a change's first policy stands beside the default.
		s.loaded = append(s.loaded, policy.Default())
		for t := range s.byTarget {
			s.byTarget[t] = append(s.byTarget[t], len(s.loaded)-1)
		}
	}
	bound := make([]*policy.Policy, len(s.loaded))
	judged := make([]int, len(s.loaded))
	copies := make(map[*policy.Policy]*policy.Policy)
	for i, p := range s.loaded {
		copied := *p
		bound[i], copies[p] = &copied, &copied
	}
	for _, p := range bound {
		p.Children = slices.Clone(p.Children)
		for i, child := range p.Children {
			p.Children[i] = copies[child]
		}
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

// adopt makes each policy a child of those of the folders above it, which can let its
// exceptions have a say. What counts of a change's policy is nobody's child.
func adopt(policies []*policy.Policy, byTarget [][]int) {
	for _, own := range byTarget {
		for n, i := range own {
			for m, k := range own {
				child, parent := policies[i], policies[k]
				if isAbove(parent, child, m > n) && !slices.Contains(parent.Children, child) {
					parent.Children = append(parent.Children, child)
				}
			}
		}
	}
}

// isAbove says whether a policy was found in a folder above another one's. Of those
// that were found upwards the nearest comes first.
func isAbove(parent, child *policy.Policy, later bool) bool {
	for _, p := range []*policy.Policy{parent, child} {
		if p.Head || p.Origin().Kind != "" {
			return false
		}
	}
	if child.Under == "" {
		return parent.Under == "" && later
	}
	return parent.Under == "" || strings.HasPrefix(child.Under, parent.Under+"/")
}

// foundPolicies are those of one folder.
type foundPolicies struct {
	policies []*policy.Policy
	files    policy.Files
	heads    []gate.Head
}

// findPolicies looks upwards from a folder to the root of its repository, and below
// the folder of a tree.
func (o scanOptions) findPolicies(ctx context.Context, place policyPlace) (foundPolicies, error) {
	dir := place.dir
	a, err := o.anchors.of(ctx, dir)
	if err != nil {
		return foundPolicies{}, err
	}
	if a != nil && a.trusted != "" {
		return a.policies(ctx, a.folder(dir), dir)
	}
	dir, err = filepath.Abs(dir)
	if err != nil {
		return foundPolicies{}, fmt.Errorf("looking for the policy: %w", err)
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
		return foundPolicies{}, fmt.Errorf("looking for the policy: %w", err)
	}
	rel, err := filepath.Rel(root, dir)
	if err != nil {
		return foundPolicies{}, fmt.Errorf("looking for the policy: %w", err)
	}
	return findIn(workTree{root}, filepath.ToSlash(rel), func() ([]string, error) {
		if !place.tree {
			return nil, nil
		}
		return policyPaths(ctx, repo, root, rel)
	})
}

// findIn finds policies where files are read: upwards from a folder, and below it.
func findIn(files policy.Files, folder string, paths func() ([]string, error)) (foundPolicies, error) {
	found := foundPolicies{files: files}
	var err error
	if found.policies, err = policy.Find(files, folder); err != nil {
		return foundPolicies{}, err
	}
	all, err := paths()
	if err != nil {
		return foundPolicies{}, fmt.Errorf("looking for the policies of folders: %w", err)
	}
	nested, err := policy.Nested(files, folder, all)
	if err != nil {
		return foundPolicies{}, err
	}
	found.policies = append(found.policies, nested...)
	return found, nil
}

// policyPaths lists the policy files at and below a folder: of a repository those that
// git lists, elsewhere all.
func policyPaths(ctx context.Context, repo *git.Repo, root, rel string) ([]string, error) {
	var paths []string
	keep := func(p string) {
		if slices.Contains(policy.Names, path.Base(p)) {
			paths = append(paths, p)
		}
	}
	if repo != nil && repo.Available() == nil {
		list, err := repo.Files(ctx, filepath.ToSlash(rel))
		if err != nil {
			return nil, err
		}
		for _, f := range list.Tracked {
			keep(f.Path)
		}
		for _, p := range list.Untracked {
			keep(p)
		}
		slices.Sort(paths)
		return paths, nil
	}
	err := filepath.WalkDir(filepath.Join(root, rel), func(p string, d fs.DirEntry, err error) error {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil || d.IsDir() { // what cannot be read is told when it is scanned
			return nil //nolint:nilerr // see above
		}
		if below, err := filepath.Rel(root, p); err == nil {
			keep(filepath.ToSlash(below))
		}
		return nil
	})
	return paths, err
}

// loadNamed loads a policy that the user named, which may be a link: mounted
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

// filesBeside are those that a policy can extend that the user named: of its
// repository, or of its folder where there is none.
func filesBeside(ctx context.Context, file string) policy.Files {
	dir := filepath.Dir(file)
	if full, err := realPath(dir); err == nil {
		if repo, err := git.Find(ctx, full); err == nil {
			dir = repo.Root
		}
	}
	return workTree{dir}
}

// loadNamed loads the policy of --policy. One of a repository whose trusted commit is
// read is read there.
func (o scanOptions) loadNamed(ctx context.Context) (*policy.Policy, policy.Files, error) {
	var files policy.Files
	file := o.policy
	a, err := o.anchors.of(ctx, filepath.Dir(file))
	if err != nil {
		return nil, nil, err
	}
	name, within := ".", false
	if a != nil && a.trusted != "" {
		name, within = a.place(file)
	}
	if !within {
		p, err := loadNamed(file)
		return p, filesBeside(ctx, file), err
	}
	files = a.files(ctx)
	data, err := files.Read(name)
	if err != nil {
		return nil, nil, fmt.Errorf("reading policy %s: %w", shown(file), err)
	}
	p, err := policy.Load(shown(file), data)
	if err != nil {
		return nil, nil, err
	}
	p.Ref = files.Ref()
	return p, files, nil
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
