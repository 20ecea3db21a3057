package tree

import (
	"context"
	"errors"
	"fmt"

	"github.com/boltseal/boltseal/internal/git"
)

// compare finds the files that are as they were where HEAD left a revision.
func (s *Source) compare(ctx context.Context, repo *git.Repo, rev string) (err error) {
	if repo == nil {
		return fmt.Errorf("comparing with %q: %w", rev, git.ErrNoRepository)
	}
	base, err := repo.MergeBase(ctx, rev, "HEAD")
	if err != nil {
		return fmt.Errorf("comparing with %q: %w", rev, err)
	}
	objects, err := repo.Objects(ctx)
	if err != nil {
		return fmt.Errorf("comparing with %q: %w", rev, err)
	}
	defer func() { err = errors.Join(err, objects.Close()) }()
	if s.unchanged, err = objects.Unchanged(ctx, base, s.start); err != nil {
		return fmt.Errorf("comparing with %q: %w", rev, err)
	}
	return nil
}
