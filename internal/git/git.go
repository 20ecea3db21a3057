// Package git asks the git program about repositories that nobody trusts. It only
// reads, and nothing that a repository holds or configures is ever executed: no
// hook, no file system monitor, no filter, no diff driver, no transport.
//
// Every call has fixed arguments, an environment of its own, a bounded output, and
// ends with its context.
package git

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// ErrNoRepository says that a folder lies in no git work tree.
var ErrNoRepository = errors.New("not in a git repository")

// Repo is a repository with a work tree.
type Repo struct {
	// Root is the absolute path of the work tree's topmost folder.
	Root string
	// gitDir is what --git-dir gets: the .git folder, or the .git file of a
	// linked work tree or submodule.
	gitDir string
}

// Find gives the repository whose work tree holds dir, or ErrNoRepository. It
// looks upwards for .git by itself, without the git program, and follows no link
// in dir: whoever wants links resolved resolves them before. A .git that is no
// repository is passed over.
func Find(ctx context.Context, dir string) (*Repo, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("looking for a git repository: %w", err)
	}
	for {
		if err := ctx.Err(); err != nil {
			return nil, fmt.Errorf("looking for a git repository: %w", err)
		}
		dotGit := filepath.Join(dir, ".git")
		if isRepository(dotGit) {
			return &Repo{Root: dir, gitDir: dotGit}, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return nil, ErrNoRepository
		}
		dir = parent
	}
}

// maxGitFile is more than any .git file needs: one line with a path.
const maxGitFile = 8192

// isRepository says whether path is a .git folder, or a .git file that points to
// one (https://git-scm.com/docs/gitrepository-layout).
func isRepository(path string) bool {
	info, err := os.Stat(path)
	if err != nil {
		return false
	}
	if info.IsDir() {
		return isGitDir(path)
	}
	if !info.Mode().IsRegular() || info.Size() > maxGitFile {
		return false
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return false
	}
	to, ok := bytes.CutPrefix(text, []byte("gitdir: "))
	if !ok {
		return false
	}
	dir := filepath.FromSlash(strings.TrimRight(string(to), "\r\n"))
	if !filepath.IsAbs(dir) {
		dir = filepath.Join(filepath.Dir(path), dir)
	}
	return isGitDir(dir)
}

// isGitDir says whether dir holds what git itself asks for: a HEAD, and objects
// and refs of its own or shared with the repository that it names in commondir.
func isGitDir(dir string) bool {
	if _, err := os.Lstat(filepath.Join(dir, "HEAD")); err != nil {
		return false
	}
	if info, err := os.Stat(filepath.Join(dir, "commondir")); err == nil && info.Mode().IsRegular() {
		return true
	}
	for _, name := range []string{"objects", "refs"} {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || !info.IsDir() {
			return false
		}
	}
	return true
}

// Available says why there is no git program to ask; nil when there is one.
func (r *Repo) Available() error {
	_, err := r.program()
	return err
}
