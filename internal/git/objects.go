package git

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
)

// Objects are the objects of a repository, seen from a .git folder of our own that
// holds nothing else. So neither configuration, attributes (of the repository, its
// index or its work tree), grafts nor replacements decide what a patch shows, and
// nothing that is missing is fetched. It can be used concurrently.
type Objects struct {
	repo *Repo
	dir  string // ours
	at   place
	// indexed is at with the real index and work tree.
	indexed place
	// Format is the hash that names objects: sha1 or sha256.
	Format string
	// Shallow are the commits whose parents a shallow clone lacks.
	Shallow map[string]bool

	ctx     context.Context //nolint:containedctx // of the processes that wait, until Close
	cancel  context.CancelFunc
	differs differs
	listing sync.Mutex // held while commits are listed
	maxHunk int        // MaxHunk, less in tests
}

// maxShallow bounds the list of a shallow clone's boundary, in bytes.
const maxShallow = 64 << 20

// Objects opens the repository's objects. The caller closes them.
func (r *Repo) Objects(ctx context.Context) (*Objects, error) {
	format, err := r.ask(ctx, "rev-parse", "--show-object-format")
	if err != nil {
		return nil, err
	}
	if format != "sha1" && format != "sha256" {
		return nil, fmt.Errorf("repository names its objects by %q, which is not known here", format)
	}
	dir, err := os.MkdirTemp("", "boltseal-git-")
	if err != nil {
		return nil, fmt.Errorf("making a temporary folder: %w", err)
	}
	o := &Objects{repo: r, dir: dir, Format: format, maxHunk: MaxHunk}
	// What waits between two walks outlives the context of both.
	o.ctx, o.cancel = context.WithCancel(context.WithoutCancel(ctx))
	if err := o.build(); err != nil {
		return nil, errors.Join(fmt.Errorf("setting up git: %w", err), o.Close())
	}
	return o, nil
}

// Close ends the processes that wait and removes our .git folder. No call may be at
// work.
func (o *Objects) Close() error {
	o.stopDiffers()
	o.cancel()
	return os.RemoveAll(o.dir)
}

// build writes our .git folder (https://git-scm.com/docs/gitrepository-layout).
func (o *Objects) build() error {
	gitDir := resolve(o.repo.gitDir)
	shared := common(gitDir)
	ours, empty := filepath.Join(o.dir, "git"), filepath.Join(o.dir, "empty")
	for _, dir := range []string{empty, filepath.Join(ours, "objects"), filepath.Join(ours, "refs")} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return err
		}
	}
	config := "[core]\n\trepositoryformatversion = 0\n\tbare = false\n"
	if o.Format != "sha1" {
		config = "[core]\n\trepositoryformatversion = 1\n\tbare = false\n[extensions]\n\tobjectformat = " + o.Format + "\n"
	}
	files := map[string][]byte{"HEAD": []byte("ref: refs/heads/none\n"), "config": []byte(config)}
	boundary := filepath.Join(shared, "shallow")
	if o.repo.fetched != "" {
		boundary = filepath.Join(o.repo.fetched, "shallow") // which began as a copy
	}
	shallow, err := readShallow(boundary)
	if err != nil {
		return err
	}
	if len(shallow) > 0 {
		files["shallow"] = shallow
		o.Shallow = make(map[string]bool)
		for id := range strings.FieldsSeq(string(shallow)) {
			o.Shallow[id] = true
		}
	}
	for name, data := range files {
		if err := os.WriteFile(filepath.Join(ours, name), data, 0o600); err != nil {
			return err
		}
	}
	objects := "GIT_OBJECT_DIRECTORY=" + filepath.Join(shared, "objects")
	o.at = place{gitDir: ours, workTree: empty, env: []string{objects, "GIT_INDEX_FILE=" + filepath.Join(o.dir, "no-index")}}
	o.indexed = place{gitDir: ours, workTree: o.repo.Root, env: []string{objects, "GIT_INDEX_FILE=" + filepath.Join(gitDir, "index")}}
	return linkSharedIndex(gitDir, ours)
}

// linkSharedIndex makes the other half of a split index known, which git looks for
// beside its HEAD.
func linkSharedIndex(from, to string) error {
	entries, err := os.ReadDir(from)
	if err != nil {
		return nil //nolint:nilerr // a folder that may be entered, not listed; git tells what it misses
	}
	for _, e := range entries {
		if name := e.Name(); strings.HasPrefix(name, "sharedindex.") {
			if err := os.Symlink(filepath.Join(from, name), filepath.Join(to, name)); err != nil {
				return err
			}
		}
	}
	return nil
}

func readShallow(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > maxShallow {
		return nil, fmt.Errorf("list of the shallow clone's boundary is no file or longer than %d bytes", maxShallow)
	}
	data, err := os.ReadFile(path)
	return bytes.TrimSpace(data), err
}

// Partial says whether the repository is a partial clone, which leaves objects
// with the remote until they are needed.
func (o *Objects) Partial(ctx context.Context) bool {
	if partial, err := o.repo.hasPromisors(); err == nil && partial {
		return true
	}
	text, err := o.repo.ask(ctx, "config", "--local", "--get-regexp", `^(remote\..*\.promisor|extensions\.partialclone)$`)
	return err == nil && text != ""
}

// hasPromisors says whether a pack came from a remote that kept some of what its objects
// name. The folder is read: the path to it may hold what a pattern takes for its own.
func (r *Repo) hasPromisors() (bool, error) {
	entries, err := os.ReadDir(filepath.Join(common(resolve(r.gitDir)), "objects", "pack"))
	if errors.Is(err, os.ErrNotExist) {
		return false, nil
	}
	return slices.ContainsFunc(entries, func(e os.DirEntry) bool { return strings.HasSuffix(e.Name(), ".promisor") }), err
}

// ask gives the one line that git answers; the last one of several.
func (r *Repo) ask(ctx context.Context, args ...string) (string, error) {
	out, err := r.start(ctx, args...)
	if err != nil {
		return "", err
	}
	return out.last()
}

// last gives the last line of an output and closes it.
func (o *output) last() (string, error) {
	var last string
	for line, more := o.line(); more; line, more = o.line() {
		last = string(line)
	}
	_, err := o.close()
	return last, err
}
