package git

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// TreeFile is a file of a commit. Its path is relative to the root and need not be
// valid UTF-8.
type TreeFile struct {
	Path string
	Mode Mode
	Blob string
}

// Tree lists the files of a commit at and below sub, by path as git sorts them; "" is
// the root.
func (o *Objects) Tree(ctx context.Context, commit, sub string) ([]TreeFile, error) {
	if !isID(commit) {
		return nil, fmt.Errorf("listing commit %q: %w", commit, ErrRevision)
	}
	args := []string{"ls-tree", "-r", "-z", "--full-tree", commit}
	if sub != "" {
		args = append(args, "--", sub)
	}
	out, err := o.repo.startAt(ctx, o.at, nil, args...)
	if err != nil {
		return nil, err
	}
	var files []TreeFile
	for record, more := out.next(); more; record, more = out.next() {
		f, err := parseTree(string(record))
		if err == nil && len(files) == maxFiles {
			err = fmt.Errorf("more than %d files in a commit", maxFiles)
		}
		if err != nil {
			out.err = err
			break
		}
		files = append(files, f)
	}
	if _, err := out.close(); err != nil {
		return nil, err
	}
	return files, nil
}

// parseTree reads "MODE TYPE ID\tPATH".
func parseTree(record string) (TreeFile, error) {
	info, path, ok := strings.Cut(record, "\t")
	words := strings.Fields(info)
	if !ok || path == "" || len(words) != 3 || !isID(words[2]) {
		return TreeFile{}, fmt.Errorf("git ls-tree: cannot read record %q", record[:min(len(record), 200)])
	}
	mode, err := strconv.ParseUint(words[0], 8, 32)
	if err != nil {
		return TreeFile{}, fmt.Errorf("git ls-tree: mode %q", words[0])
	}
	return TreeFile{Path: path, Mode: Mode(mode), Blob: words[2]}, nil
}

// Renames gives the tracked files at and below sub that git takes, by their content,
// for renamed ones of a commit, with their old paths: at most one for each old path.
func (o *Objects) Renames(ctx context.Context, commit, sub string) (map[string]string, error) {
	return o.renames(ctx, o.indexed, "diff-index", commit, "--", pathspec(sub))
}

// RenamesIn is Renames for a commit that is not checked out, now, in the place of the
// tracked files.
func (o *Objects) RenamesIn(ctx context.Context, commit, now, sub string) (map[string]string, error) {
	if !isID(commit) || !isID(now) {
		return nil, fmt.Errorf("comparing commit %q with %q: %w", commit, now, ErrRevision)
	}
	return o.renames(ctx, o.at, "diff-tree", "-r", commit, now, "--", pathspec(sub))
}

func (o *Objects) renames(ctx context.Context, at place, command string, what ...string) (map[string]string, error) {
	out, err := o.repo.startAt(ctx, at, nil, slices.Concat([]string{
		command, "-z", "--raw", "--no-abbrev", "-M50%", "-l1000", "--diff-filter=R",
		"--ignore-submodules=dirty", "--no-ext-diff", "--no-textconv",
	}, what)...)
	if err != nil {
		return nil, err
	}
	renamed := make(map[string]string)
	for record, more := out.next(); more; record, more = out.next() {
		_, err := parseRaw(record)
		from, ok := out.next()
		old := string(from)
		to, more := out.next()
		if err == nil && (!ok || !more) {
			err = fmt.Errorf("git %s: a rename without paths", command)
		}
		if err == nil && len(renamed) == maxFiles {
			err = fmt.Errorf("more than %d renamed files", maxFiles)
		}
		if err != nil {
			if out.err == nil {
				out.err = err
			}
			break
		}
		renamed[string(to)] = old
	}
	if _, err := out.close(); err != nil {
		return nil, err
	}
	return renamed, nil
}

// CommonAncestor gives the best common ancestor of two commits, empty where there is
// none. In a shallow clone that cannot be told: it is an error.
func (o *Objects) CommonAncestor(ctx context.Context, a, b string) (string, error) {
	out, err := o.repo.startAt(ctx, o.at, nil, "merge-base", a, b)
	if err != nil {
		return "", err
	}
	base, err := out.last()
	if err != nil && out.cmd.ProcessState.ExitCode() == 1 && base == "" && out.cause() == nil {
		if len(o.Shallow) > 0 {
			return "", errors.New("a shallow clone does not say where the change left its target: check out all of the history (fetch-depth: 0 of actions/checkout, GIT_DEPTH: 0 of GitLab)")
		}
		return "", nil
	}
	return base, err
}

// maxCommit is longer than any commit that a person made.
const maxCommit = 4 << 20

// Parents gives the parents that a commit names, also those that a shallow clone
// lacks.
func (o *Objects) Parents(ctx context.Context, commit string) ([]string, error) {
	if !isID(commit) {
		return nil, fmt.Errorf("reading commit %q: %w", commit, ErrRevision)
	}
	out, err := o.repo.startAt(ctx, o.at, nil, "cat-file", "commit", commit)
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(io.LimitReader(out.r, maxCommit))
	if len(text) == maxCommit {
		out.cancel() // what is left is of no interest
	}
	if _, closed := out.close(); err == nil && len(text) == 0 {
		err = closed
	}
	if err != nil {
		return nil, err
	}
	var parents []string
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSuffix(line, "\n")
		if line == "" {
			break
		}
		if id, ok := strings.CutPrefix(line, "parent "); ok {
			parents = append(parents, id)
		}
	}
	return parents, nil
}

// Sizes gives the sizes of blobs, without those that the repository lacks.
func (o *Objects) Sizes(ctx context.Context, blobs []string) (map[string]int64, error) {
	sizes := make(map[string]int64, len(blobs))
	if len(blobs) == 0 {
		return sizes, nil
	}
	stdin := strings.NewReader(strings.Join(blobs, "\n") + "\n")
	out, err := o.repo.startAt(ctx, o.at, stdin, "cat-file", "--batch-check")
	if err != nil {
		return nil, err
	}
	n := 0
	for line, more := out.line(); more; line, more = out.line() {
		if n == len(blobs) {
			out.err = errors.New("git cat-file: more answers than questions")
			break
		}
		size, err := parseAnswer(line, blobs[n])
		if err == nil {
			sizes[blobs[n]] = size
		} else if !errors.Is(err, ErrMissing) {
			out.err = err
			break
		}
		n++
	}
	if _, err := out.close(); err != nil {
		return nil, err
	}
	return sizes, nil
}
