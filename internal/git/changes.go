package git

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Change is a file that differs from a commit.
type Change struct {
	Path string
	Mode Mode   // 0 where the file is gone
	Blob string // its content in the index; all zeros where that is not known
	// Status is git's letter: A added, M modified, T of another type, D deleted,
	// U in conflict.
	Status byte
}

// Staged lists what the next commit changes at and below sub, by path. Without a
// commit everything in the index is new. Renamed files are added and deleted ones.
func (o *Objects) Staged(ctx context.Context, sub string) ([]Change, error) {
	head, err := o.Head(ctx)
	if err != nil {
		return nil, err
	}
	if head == "" {
		if head, err = o.emptyTree(ctx); err != nil {
			return nil, err
		}
	}
	return o.diffIndex(ctx, sub, "--cached", head)
}

// Head gives the id of the commit that is checked out; empty where there is none yet.
func (o *Objects) Head(ctx context.Context) (string, error) {
	id, err := o.repo.Resolve(ctx, "HEAD")
	if errors.Is(err, ErrRevision) {
		return "", nil
	}
	return id, err
}

// emptyTree gives the id of a tree without entries, which git knows without having it.
func (o *Objects) emptyTree(ctx context.Context) (string, error) {
	out, err := o.repo.startAt(ctx, o.at, strings.NewReader(""), "hash-object", "-t", "tree", "--stdin")
	if err != nil {
		return "", err
	}
	return out.last()
}

// Unchanged gives the tracked files at and below sub whose content in the work tree
// is known to be that of a commit. Untracked files are not among them, and neither
// are files that the index says not to look at.
func (o *Objects) Unchanged(ctx context.Context, commit, sub string) (map[string]bool, error) {
	changes, err := o.diffIndex(ctx, sub, commit)
	if err != nil {
		return nil, err
	}
	same, err := o.watched(ctx, sub)
	if err != nil {
		return nil, err
	}
	for _, c := range changes {
		delete(same, c.Path)
	}
	return same, nil
}

// watched gives the tracked files that git compares with the work tree: not those
// that are assumed to be unchanged, left out by a sparse checkout or in conflict.
func (o *Objects) watched(ctx context.Context, sub string) (map[string]bool, error) {
	out, err := o.repo.startAt(ctx, o.indexed, nil, "ls-files", "-z", "-v", "--", pathspec(sub))
	if err != nil {
		return nil, err
	}
	files := make(map[string]bool)
	for record, more := out.next(); more; record, more = out.next() {
		if len(files) == maxFiles {
			out.err = fmt.Errorf("more than %d tracked files", maxFiles)
			break
		}
		if path, ok := bytes.CutPrefix(record, []byte("H ")); ok {
			files[string(path)] = true
		}
	}
	if _, err := out.close(); err != nil {
		return nil, err
	}
	return files, nil
}

func pathspec(sub string) string {
	if sub == "" {
		return "."
	}
	return sub
}

// diffIndex compares the index, and the work tree unless --cached is given, with a
// commit or tree. Submodules are not entered: git would run in them.
func (o *Objects) diffIndex(ctx context.Context, sub string, args ...string) ([]Change, error) {
	args = append([]string{"diff-index", "-z", "--raw", "--no-abbrev", "--no-renames", "--ignore-submodules=dirty", "--no-ext-diff", "--ita-invisible-in-index"}, args...)
	out, err := o.repo.startAt(ctx, o.indexed, nil, append(args, "--", pathspec(sub))...)
	if err != nil {
		return nil, err
	}
	var changes []Change
	for record, more := out.next(); more; record, more = out.next() {
		c, err := parseRaw(record)
		path, ok := out.next()
		if err == nil && (!ok || len(path) == 0) {
			err = errors.New("git diff-index: a change without a path")
		}
		if err == nil && len(changes) == maxFiles {
			err = fmt.Errorf("more than %d changed files", maxFiles)
		}
		if err != nil {
			if out.err == nil {
				out.err = err
			}
			break
		}
		c.Path = string(path)
		changes = append(changes, c)
	}
	if _, err := out.close(); err != nil {
		return nil, err
	}
	return changes, nil
}

// parseRaw reads ":MODE MODE ID ID STATUS"
// (https://git-scm.com/docs/diff-format#_raw_output_format).
func parseRaw(record []byte) (Change, error) {
	words := strings.Split(string(record), " ")
	if len(words) != 5 || !strings.HasPrefix(words[0], ":") || words[4] == "" || !isID(words[3]) {
		return Change{}, fmt.Errorf("git diff-index: cannot read record %q", record)
	}
	mode, err := strconv.ParseUint(words[1], 8, 32)
	if err != nil {
		return Change{}, fmt.Errorf("git diff-index: cannot read record %q", record)
	}
	return Change{Mode: Mode(mode), Blob: words[3], Status: words[4][0]}, nil
}
