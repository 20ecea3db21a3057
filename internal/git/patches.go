package git

import (
	"context"
	"errors"
	"fmt"
	"io"
)

// PatchVisitor takes what Patches finds.
type PatchVisitor interface {
	// Hunk takes a hunk, which is the visitor's until it returns. Its error ends
	// the walk.
	Hunk(h *Hunk) error
	// Lost takes what could not be shown: a commit, or one file of it.
	Lost(commit, path string, err error)
}

const (
	// maxLost is how many commits in a row may fail before the rest is given up.
	maxLost = 20
	// batch is how many commits a process is asked for at once.
	batch = 256
)

// Patches shows what commits add, in their order. A commit that cannot be shown is
// lost, the others follow. An error says that the rest could not be reached.
func (o *Objects) Patches(ctx context.Context, commits []string, s Selection, v PatchVisitor) error {
	w := patchWalk{o: o, of: s, v: v}
	inRow := 0
	for len(commits) > 0 {
		part := commits[:min(len(commits), batch)]
		done, given, err := w.show(ctx, part, 0)
		if err == nil {
			commits, inRow = commits[len(part):], 0
			continue
		}
		if done > 1 {
			inRow = 0
		}
		if w.fatal(ctx, err) {
			return stopped(err)
		}
		// Git may have stopped in the commit that it named last or in the one after
		// it, which it names when it has something to print. So the former is shown
		// alone, without the hunks that were given.
		commits = commits[max(done-1, 0):]
		if done > 0 && !isParse(err) {
			if _, _, err = w.show(ctx, commits[:1], given); err != nil && w.fatal(ctx, err) {
				return stopped(err)
			}
		}
		if inRow++; err == nil {
			inRow = 0
		} else {
			err = w.hint(ctx, err)
			w.v.Lost(commits[0], "", err)
		}
		commits = commits[1:]
		if inRow == maxLost && len(commits) > 0 {
			return fmt.Errorf("%d commits in a row could not be shown; gave up on %d more: %w", inRow, len(commits), err)
		}
	}
	return nil
}

// patchWalk is one call of Patches.
type patchWalk struct {
	o    *Objects
	of   Selection
	v    PatchVisitor
	text []byte // the buffer of hunks
}

// parseError says that git printed what we do not understand.
type parseError struct{ error }

func isParse(err error) bool {
	_, ok := errors.AsType[parseError](err)
	return ok
}

// fatal says whether nothing more can be shown after an error.
func (w *patchWalk) fatal(ctx context.Context, err error) bool {
	_, stop := errors.AsType[visitorError](err)
	return stop || errors.Is(err, ErrNoGit) || ctx.Err() != nil
}

// stopped gives a visitor its own error back.
func stopped(err error) error {
	if stop, ok := errors.AsType[visitorError](err); ok {
		return stop.error
	}
	return err
}

// hint says what a user can do about a commit that git cannot show.
func (w *patchWalk) hint(ctx context.Context, err error) error {
	switch {
	case isParse(err):
		return err
	case w.o.Partial(ctx):
		return fmt.Errorf("%w; this is a partial clone that lacks objects: clone anew without --filter", err)
	}
	return fmt.Errorf("%w; objects are missing or damaged: run git fsck, or clone anew", err)
}

// show has a process show commits, passing over the first hunks. It says how many
// commits were named, and how many hunks of the last one there were.
func (w *patchWalk) show(ctx context.Context, commits []string, skip int) (named, given int, err error) {
	if err := context.Cause(ctx); err != nil {
		return 0, 0, fmt.Errorf("git diff-tree: %w", err)
	}
	d, err := w.o.differ(patchArgs, &w.of)
	if err != nil {
		return 0, 0, err
	}
	unhook := context.AfterFunc(ctx, d.cancel)
	p := &patchParser{
		r: d.r, max: w.o.maxHunk, text: w.text[:0], lost: w.v.Lost,
		want: func() (string, bool) {
			if named == len(commits) {
				return "", false
			}
			given = 0
			named++
			return commits[named-1], true
		},
		hunk: func(h *Hunk) error {
			if given++; given <= skip {
				return nil
			}
			return w.v.Hunk(h)
		},
	}
	d.send(commits)
	err = p.parse()
	w.text = p.text[:0]
	err = w.finish(ctx, d, err, named == len(commits))
	if unhook() && err == nil {
		w.o.rest(d)
	} else if err == nil { // killed as it ended
		d.kill()
	}
	return named, given, err
}

// finish says whether a batch went well. If not, the process is gone. Where git
// itself failed, its own words count, not that the patch breaks off then.
func (w *patchWalk) finish(ctx context.Context, d *differ, parsed error, all bool) error {
	switch {
	case errors.Is(parsed, io.ErrUnexpectedEOF):
		err := d.died()
		<-d.sent
		if cause := context.Cause(ctx); cause != nil {
			return fmt.Errorf("git diff-tree: %w", cause)
		}
		return err
	case parsed == nil && !all:
		parsed = errors.New("git diff-tree: shows other commits than it was asked for")
	case parsed == nil:
		if _, errs := d.stderr.lines(); len(errs) > 0 {
			parsed = fmt.Errorf("git diff-tree: %s", errs[0])
		}
	default:
		if _, stop := errors.AsType[visitorError](parsed); !stop {
			parsed = parseError{parsed}
		}
	}
	if parsed != nil {
		d.kill()
	}
	<-d.sent
	return parsed
}
