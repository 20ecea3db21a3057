package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/boltseal/boltseal/internal/git"
	"github.com/boltseal/boltseal/internal/policy"
	"github.com/boltseal/boltseal/internal/source/image"
)

// parents reads what policies extend.
func (o scanOptions) parents(ctx context.Context, sys System, set *policySet, remote image.Remote) policy.ReadParent {
	return func(child *policy.Policy, p policy.Parent) (name, ref string, data []byte, err error) {
		switch p.Kind {
		case policy.ParentFile:
			return readFileParent(set, child, p)
		case policy.ParentGit:
			return o.readGitParent(ctx, sys, p)
		case policy.ParentOCI:
			return readOCIParent(ctx, p, remote)
		}
		return "", "", nil, fmt.Errorf("%w: it is of no known kind", policy.ErrUnreachable)
	}
}

// readFileParent reads a file where the child itself was read. A file of a parent that
// came from elsewhere is read there: only policies of the repository have files.
func readFileParent(set *policySet, child *policy.Policy, p policy.Parent) (name, ref string, data []byte, err error) {
	files := set.files[child]
	if files == nil {
		files = set.parentFiles[[2]string{child.Path, child.Ref}]
	}
	if files == nil {
		return "", "", nil, fmt.Errorf("%w: a policy from elsewhere extends by digest or commit only", policy.ErrBad)
	}
	set.parentFiles[[2]string{files.Name(p.File), files.Ref()}] = files
	if data, err = files.Read(p.File); err != nil {
		return "", "", nil, fmt.Errorf("%w: %w", policy.ErrUnreachable, err)
	}
	return files.Name(p.File), files.Ref(), data, nil
}

// readGitParent fetches a commit of another repository. Its id is what its content
// hashes to.
func (o scanOptions) readGitParent(ctx context.Context, sys System, p policy.Parent) (name, ref string, data []byte, err error) {
	fail := func(err error) (string, string, []byte, error) {
		return "", "", nil, fmt.Errorf("%w: %w", policy.ErrUnreachable, err)
	}
	if o.offline {
		return fail(errors.New("--offline fetches nothing"))
	}
	repo, err := git.Find(ctx, ".")
	if err != nil {
		return fail(err)
	}
	store, err := repo.NewStore(ctx)
	if err != nil {
		return fail(err)
	}
	defer store.Close() //nolint:errcheck // a temporary folder
	from := git.Remote{URL: p.Location, Alone: true, Environment: transport(sys.Getenv)}
	if from.Header, err = repo.Header(ctx, from.URL); err != nil {
		return fail(err)
	}
	id, err := store.Fetch(ctx, from, p.Pin)
	if err != nil {
		return fail(err)
	}
	if id != p.Pin {
		return "", "", nil, fmt.Errorf("%w: it is at commit %s", policy.ErrBad, id)
	}
	objects, err := store.Repo().Objects(ctx)
	if err != nil {
		return fail(err)
	}
	defer objects.Close() //nolint:errcheck // a temporary folder
	if data, err = (commitFiles{ctx: ctx, objects: objects, commit: id}).Read(p.File); err != nil {
		return fail(err)
	}
	return p.Location + "#" + p.File, id, data, nil
}

// readOCIParent fetches an artifact, with the credentials and by the rules of images.
func readOCIParent(ctx context.Context, p policy.Parent, remote image.Remote) (name, ref string, data []byte, err error) {
	data, err = image.OneFile(ctx, p.Location+"@"+p.Pin, policy.MaxBytes, remote)
	switch {
	case errors.Is(err, image.ErrDigest):
		return "", "", nil, fmt.Errorf("%w: %w", policy.ErrBad, err)
	case err != nil:
		return "", "", nil, fmt.Errorf("%w: %w", policy.ErrUnreachable, err)
	}
	return "oci://" + p.Location, p.Pin, data, nil
}
