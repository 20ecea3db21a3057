package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/boltseal/boltseal/internal/git"
	"github.com/boltseal/boltseal/internal/policy"
)

// commitFiles reads policies of a commit, straight from git's objects; it implements
// policy.Files.
type commitFiles struct {
	ctx     context.Context //nolint:containedctx // of the command, which it does not outlive
	objects *git.Objects
	commit  string
	// tree lists the files of a commit; nil where nobody asks for paths.
	tree func(ctx context.Context, commit string) ([]git.TreeFile, error)
	// whose is put behind the names of the files; empty for the trusted ones.
	whose string
}

func (c commitFiles) Name(p string) string { return p + c.whose }

func (c commitFiles) Ref() string { return c.commit }

// Read reads a regular file: a link could lead anywhere.
func (c commitFiles) Read(p string) ([]byte, error) {
	data, err := c.objects.ReadFile(c.ctx, c.commit, p, policy.MaxBytes+1)
	switch {
	case errors.Is(err, git.ErrNoFile):
		return nil, fmt.Errorf("%w in commit %.12s", fs.ErrNotExist, c.commit)
	case errors.Is(err, git.ErrNotRegular):
		return nil, fmt.Errorf("%w: not a regular file; a policy cannot be a link or a device", policy.ErrBad)
	case err == nil && len(data) > policy.MaxBytes:
		return nil, fmt.Errorf("%w: larger than %d bytes", policy.ErrBad, policy.MaxBytes)
	}
	return data, err
}

// paths lists the files of the commit.
func (c commitFiles) paths() ([]string, error) {
	files, err := c.tree(c.ctx, c.commit)
	if err != nil {
		return nil, err
	}
	paths := make([]string, len(files))
	for i, f := range files {
		paths[i] = f.Path
	}
	return paths, nil
}
