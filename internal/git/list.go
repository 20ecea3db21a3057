package git

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
)

// Touched is a file that a commit changes; of a merge one that is as in none of its
// parents.
type Touched struct {
	// Path is relative to the root of the repository and need not be valid UTF-8.
	Path string
	// From is the path that it was renamed from, empty when it was not, or when
	// renames were not looked for.
	From string
	Mode Mode // 0 where the file is deleted
	// Added says that a parent has no such file.
	Added bool
}

// Deleted says that the commit has no such file.
func (t *Touched) Deleted() bool { return t.Mode == 0 }

// maxTouched bounds what one call of List gives.
const maxTouched = 1_000_000

// List says which files commits change; merges only without a look for renames.
// Without that it costs little beside showing what they change. With an error nothing
// is known of any commit.
func (o *Objects) List(ctx context.Context, commits []string, s Selection) (map[string][]Touched, error) {
	// One process does: each holds memory.
	o.listing.Lock()
	defer o.listing.Unlock()
	out := make(map[string][]Touched, len(commits))
	for len(commits) > 0 {
		if err := context.Cause(ctx); err != nil {
			return nil, fmt.Errorf("git diff-tree: %w", err)
		}
		part := commits[:min(len(commits), batch)]
		commits = commits[len(part):]
		if err := o.list(ctx, part, &s, out); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (o *Objects) list(ctx context.Context, commits []string, s *Selection, out map[string][]Touched) error {
	d, err := o.differ(listArgs, s)
	if err != nil {
		return err
	}
	unhook := context.AfterFunc(ctx, d.cancel)
	d.send(commits)
	l := listing{d: d, commits: commits, out: out}
	err = l.read()
	if _, complaints := d.stderr.lines(); err == nil && len(complaints) > 0 {
		err = fmt.Errorf("git diff-tree: %s", complaints[0])
	}
	if !unhook() || err != nil {
		d.kill()
		<-d.sent
		return errors.Join(err, context.Cause(ctx))
	}
	<-d.sent
	o.rest(d)
	return nil
}

// listing is an answer being read: the id of each commit, followed by a line for
// each file (https://git-scm.com/docs/git-diff-tree#_raw_output_format).
type listing struct {
	d       *differ
	commits []string
	named   int
	count   int
	out     map[string][]Touched
}

func (l *listing) read() error {
	for {
		line, err := l.d.r.ReadSlice('\n')
		if err != nil {
			return fmt.Errorf("git diff-tree: %w", errors.Join(err, io.ErrUnexpectedEOF))
		}
		line = line[:len(line)-1]
		switch {
		case len(line) > 0 && line[0] == ':' && l.named > 0:
			err = l.change(line)
		case string(line) == endMark && l.named == len(l.commits):
			return nil
		case l.named == len(l.commits) || string(line) != l.commits[l.named]:
			err = fmt.Errorf("git diff-tree: %q where a commit should begin", line[:min(len(line), 100)])
		default:
			l.named++
			l.out[l.commits[l.named-1]] = nil
		}
		if err != nil {
			return err
		}
	}
}

// change reads ":OLDMODE NEWMODE OLDID NEWID STATUS" and the path, of a renamed file
// the old one and the new one; of a merge there are as many colons, old modes and old
// ids as parents.
func (l *listing) change(line []byte) error {
	parents := 0
	for parents < len(line) && line[parents] == ':' {
		parents++
	}
	words, name, ok := bytes.Cut(line[parents:], []byte{'\t'})
	fields := bytes.Fields(words)
	if !ok || len(fields) != 2*parents+3 {
		return fmt.Errorf("git diff-tree: cannot read line %q", line[:min(len(line), 200)])
	}
	mode, err := strconv.ParseUint(string(fields[parents]), 8, 32)
	if err != nil {
		return fmt.Errorf("git diff-tree: mode %q", fields[parents])
	}
	status := fields[len(fields)-1]
	from := ""
	if status[0] == 'R' && parents == 1 {
		var old []byte
		if old, name, ok = bytes.Cut(name, []byte{'\t'}); !ok {
			return fmt.Errorf("git diff-tree: %q is renamed to nothing", old[:min(len(old), 200)])
		}
		if from, err = plainPath(old); err != nil {
			return err
		}
	}
	path, err := plainPath(name)
	if err != nil {
		return err
	}
	commit := l.commits[l.named-1]
	if l.count++; l.count > maxTouched {
		return fmt.Errorf("%d commits change more than %d files", len(l.commits), maxTouched)
	}
	l.out[commit] = append(l.out[commit], Touched{Path: path, From: from, Mode: Mode(mode), Added: bytes.IndexByte(status, 'A') >= 0})
	return nil
}
