package tree

import (
	"errors"
	"fmt"
	"path/filepath"
)

// follow gives the size of the regular file inside the root to which the link at p
// leads. It is an error where there is none, and where the way ends in a .git
// folder: what lies there, credentials among it, is not of the tree.
func (s *Source) follow(p string) (int64, error) {
	info, err := s.root.Stat(p)
	switch {
	case err != nil:
		return 0, fmt.Errorf("following link: %w", plain(err))
	case !info.Mode().IsRegular():
		return 0, errors.New("following link: it leads to no regular file")
	case inDotGit(s.start): // the user named it
		return info.Size(), nil
	}
	// Who leads is known to stay inside by now; this says only where it ends.
	end, err := filepath.EvalSymlinks(filepath.Join(s.root.Name(), filepath.FromSlash(p)))
	if err != nil {
		return 0, fmt.Errorf("following link: %w", plain(err))
	}
	rel, err := filepath.Rel(s.root.Name(), end)
	if err != nil || !filepath.IsLocal(rel) {
		return 0, errors.New("following link: it leads out of the tree")
	}
	if inDotGit(filepath.ToSlash(rel)) {
		return 0, errors.New("following link: it leads into a .git folder")
	}
	return info.Size(), nil
}
