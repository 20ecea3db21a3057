package git

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// ErrRevision says that a revision that somebody typed names no commit.
var ErrRevision = errors.New("unknown revision")

// Range is a set of commits: those reachable from Include, not from Exclude. Both
// hold full ids.
type Range struct {
	Include, Exclude []string
}

// Resolve gives the id of the commit that a revision names, as it is typed on a
// command line: a branch, a tag, an id, HEAD~3.
func (r *Repo) Resolve(ctx context.Context, rev string) (string, error) {
	if err := checkRevision(rev); err != nil {
		return "", err
	}
	id, err := r.ask(ctx, "rev-parse", "--verify", "--quiet", rev+"^{commit}")
	switch {
	case ctx.Err() != nil:
		return "", err
	case err != nil && errors.Is(err, ErrNoGit):
		return "", err
	case err != nil || !isID(id):
		return "", fmt.Errorf("%w %q: no commit of this repository is called so; in a shallow clone or a CI checkout, "+
			"fetch it first (fetch-depth: 0, or git fetch origin %s)", ErrRevision, rev, branchOf(rev))
	}
	return id, nil
}

// branchOf gives what one would fetch to get a revision.
func branchOf(rev string) string {
	rev = strings.TrimPrefix(rev, "origin/")
	if i := strings.IndexAny(rev, "~^@:"); i >= 0 {
		rev = rev[:i]
	}
	return rev
}

// maxRevision is how many bytes a revision may have.
const maxRevision = 1024

// checkRevision refuses what git could take for something else.
func checkRevision(rev string) error {
	switch {
	case rev == "":
		return fmt.Errorf("%w %q: it is empty", ErrRevision, rev)
	case strings.HasPrefix(rev, "-"):
		return fmt.Errorf("%w %q: it begins with a dash; name a branch, a tag, a commit or a range such as main..HEAD", ErrRevision, rev)
	case len(rev) > maxRevision:
		return fmt.Errorf("%w: longer than %d bytes", ErrRevision, maxRevision)
	}
	for _, c := range []byte(rev) {
		if c <= ' ' || c == 0x7f {
			return fmt.Errorf("%w %q: it holds a space or control character; give several revisions one by one", ErrRevision, rev)
		}
	}
	return nil
}

// Range resolves what a user gives to name commits: A..B, A...B, ^A, A^! (the commit
// alone), A^- (without what its first parent reaches), or a revision, several together
// meaning what they mean to git log.
func (r *Repo) Range(ctx context.Context, revs ...string) (Range, error) {
	var out Range
	for _, rev := range revs {
		if err := checkRevision(rev); err != nil {
			return Range{}, err
		}
		if err := r.addRange(ctx, &out, rev); err != nil {
			return Range{}, err
		}
	}
	return out, nil
}

func (r *Repo) addRange(ctx context.Context, out *Range, rev string) error {
	if excluded, ok := strings.CutPrefix(rev, "^"); ok {
		id, err := r.Resolve(ctx, excluded)
		out.Exclude = append(out.Exclude, id)
		return err
	}
	if commit, ok := strings.CutSuffix(rev, "^!"); ok {
		return r.addWithout(ctx, out, commit, maxParents)
	}
	if commit, ok := strings.CutSuffix(rev, "^-"); ok {
		return r.addWithout(ctx, out, commit, 1)
	}
	left, right, symmetric := strings.Cut(rev, "...")
	ranged := symmetric
	if !symmetric {
		left, right, ranged = strings.Cut(rev, "..")
	}
	if !ranged {
		id, err := r.Resolve(ctx, rev)
		out.Include = append(out.Include, id)
		return err
	}
	from, err := r.end(ctx, left)
	if err != nil {
		return err
	}
	to, err := r.end(ctx, right)
	if err != nil {
		return err
	}
	out.Include = append(out.Include, to)
	if !symmetric {
		out.Exclude = append(out.Exclude, from)
		return nil
	}
	bases, err := r.mergeBases(ctx, from, to, "--all")
	out.Include = append(out.Include, from)
	out.Exclude = append(out.Exclude, bases...)
	return err
}

// maxParents is more than a commit has.
const maxParents = 1 << 20

// addWithout adds a commit without what its first n parents reach.
func (r *Repo) addWithout(ctx context.Context, out *Range, rev string, n int) error {
	id, err := r.Resolve(ctx, rev)
	if err != nil {
		return err
	}
	line, err := r.ask(ctx, "rev-list", "--no-walk", "--parents", id, "--")
	if err != nil {
		return err
	}
	out.Include = append(out.Include, id)
	if ids := strings.Fields(line); len(ids) > 1 {
		out.Exclude = append(out.Exclude, ids[1:min(len(ids), n+1)]...)
	}
	return nil
}

// end resolves an end of a range, of which one may be left out.
func (r *Repo) end(ctx context.Context, rev string) (string, error) {
	if rev == "" {
		rev = "HEAD"
	}
	return r.Resolve(ctx, rev)
}

// MergeBase gives the best common ancestor of two revisions.
func (r *Repo) MergeBase(ctx context.Context, a, b string) (string, error) {
	from, err := r.Resolve(ctx, a)
	if err != nil {
		return "", err
	}
	to, err := r.Resolve(ctx, b)
	if err != nil {
		return "", err
	}
	bases, err := r.mergeBases(ctx, from, to)
	if err != nil {
		return "", err
	}
	if len(bases) == 0 {
		return "", fmt.Errorf("%q and %q have no common ancestor here; in a shallow clone fetch all of history (fetch-depth: 0, or git fetch --unshallow)", a, b)
	}
	return bases[0], nil
}

// mergeBases gives none where there is no common ancestor, which git tells by its
// exit status alone.
func (r *Repo) mergeBases(ctx context.Context, a, b string, more ...string) ([]string, error) {
	args := append([]string{"merge-base"}, more...)
	out, err := r.start(ctx, append(args, a, b)...)
	if err != nil {
		return nil, err
	}
	var bases []string
	for line, ok := out.line(); ok; line, ok = out.line() {
		bases = append(bases, string(line))
	}
	_, err = out.close()
	if err != nil && out.cmd.ProcessState.ExitCode() == 1 && len(bases) == 0 && out.cause() == nil {
		return nil, nil
	}
	return bases, err
}

// Tips gives what all refs and the HEADs of all work trees point to, each once,
// sorted, and messages about refs that cannot be read.
func (r *Repo) Tips(ctx context.Context) (tips, problems []string, err error) {
	refs, err := r.start(ctx, "for-each-ref", "--format=%(objectname)")
	if err != nil {
		return nil, nil, err
	}
	for line, more := refs.line(); more; line, more = refs.line() {
		tips = append(tips, string(line))
	}
	if problems, err = refs.close(); err != nil {
		return nil, nil, err
	}
	heads, err := r.start(ctx, "worktree", "list", "--porcelain")
	if err != nil {
		return nil, nil, err
	}
	for line, more := heads.line(); more; line, more = heads.line() {
		if id, ok := bytes.CutPrefix(line, []byte("HEAD ")); ok {
			tips = append(tips, string(id))
		}
	}
	lines, err := heads.close()
	if err != nil {
		return nil, nil, err
	}
	problems = append(problems, lines...)
	tips = slices.DeleteFunc(tips, func(id string) bool { return !isID(id) || strings.Trim(id, "0") == "" })
	slices.Sort(tips)
	return slices.Compact(tips), problems, nil
}

// Commit is a commit with the number of its parents and its committer's time.
type Commit struct {
	ID      string
	Parents int
	Time    int64
}

// maxCommits bounds a listing.
const maxCommits = 10_000_000

// Commits lists a range, newest first by the time that the commits claim, then by
// id: an order that no other commit changes. With an error it gives what could be
// listed. Tips that are no commits are left out.
func (o *Objects) Commits(ctx context.Context, in Range) ([]Commit, error) {
	if len(in.Include) == 0 {
		return nil, nil
	}
	var stdin strings.Builder
	for _, id := range in.Include {
		stdin.WriteString(id + "\n")
	}
	for _, id := range in.Exclude {
		stdin.WriteString("^" + id + "\n")
	}
	out, err := o.repo.startAt(ctx, o.at, strings.NewReader(stdin.String()), "rev-list", "--stdin", "--parents", "--timestamp")
	if err != nil {
		return nil, err
	}
	var commits []Commit
	for line, more := out.line(); more; line, more = out.line() {
		c, err := parseCommit(line)
		if err == nil && len(commits) == maxCommits {
			err = fmt.Errorf("more than %d commits", maxCommits)
		}
		if err != nil {
			out.err = err
			break
		}
		commits = append(commits, c)
	}
	_, err = out.close()
	slices.SortFunc(commits, func(a, b Commit) int {
		if a.Time != b.Time {
			if a.Time > b.Time {
				return -1
			}
			return 1
		}
		return strings.Compare(a.ID, b.ID)
	})
	return commits, err
}

// parseCommit reads "TIME ID PARENT…".
func parseCommit(line []byte) (Commit, error) {
	when, rest, ok := bytes.Cut(line, []byte{' '})
	id, parents, _ := bytes.Cut(rest, []byte{' '})
	c := Commit{ID: string(id), Parents: len(bytes.Fields(parents))}
	var err error
	c.Time, err = strconv.ParseInt(string(when), 10, 64)
	if !ok || !isID(c.ID) {
		return Commit{}, fmt.Errorf("git rev-list: cannot read line %q", line)
	}
	if err != nil {
		c.Time = 0 // a time of its author's own making
	}
	return c, nil
}

// isID says whether s is the full name of an object.
func isID(s string) bool {
	if len(s) != 40 && len(s) != 64 {
		return false
	}
	return strings.Trim(s, "0123456789abcdef") == ""
}
