// Package git asks the git program about repositories that nobody trusts. It only
// reads, and nothing that a repository holds or configures is ever executed: no
// hook, no file system monitor, no filter, no diff driver, no transport.
//
// Every call has fixed arguments, an environment of its own, a bounded output, and
// ends with its context.
package git

import (
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
	// fetched is the .git folder of a Store whose objects are seen as well; empty for
	// none.
	fetched string
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
	dir := resolve(path)
	return dir != "" && isGitDir(dir)
}

// resolve gives the folder that a .git file points to, or the .git folder itself;
// empty for anything else.
func resolve(path string) string {
	info, err := os.Stat(path)
	if err != nil {
		return ""
	}
	if info.IsDir() {
		return path
	}
	text, ok := oneLine(path)
	if !ok {
		return ""
	}
	to, ok := strings.CutPrefix(text, "gitdir: ")
	if !ok {
		return ""
	}
	return below(filepath.Dir(path), to)
}

// common gives the folder that linked work trees share: objects and refs lie there.
func common(gitDir string) string {
	if text, ok := oneLine(filepath.Join(gitDir, "commondir")); ok {
		return below(gitDir, text)
	}
	return gitDir
}

// oneLine reads a small file without the end of its line.
func oneLine(path string) (string, bool) {
	info, err := os.Stat(path)
	if err != nil || !info.Mode().IsRegular() || info.Size() > maxGitFile {
		return "", false
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return "", false
	}
	return strings.TrimRight(string(text), "\r\n"), true
}

// below gives a path that may be relative to dir.
func below(dir, path string) string {
	path = filepath.FromSlash(path)
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(dir, path)
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
