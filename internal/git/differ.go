package git

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"slices"
	"strings"
	"sync"
)

// patchArgs make git show what plain git log -p -U0 shows, and of merges the lines
// that no parent has. Whatever configuration or a later git could change is said.
var patchArgs = []string{
	"diff-tree", "--stdin", "--always", "--root", "-r", "-p", "--cc", "-U0", "--inter-hunk-context=0",
	// Renames as git log finds them, copies not. Deleted files are of no interest,
	// but what was renamed is found before they are left out.
	"-M50%", "-l1000", "--diff-filter=d", "--irreversible-delete",
	"--diff-algorithm=myers", "--indent-heuristic", "--full-index", "--src-prefix=a/", "--dst-prefix=b/",
	"--no-color", "--no-ext-diff", "--no-textconv", "--no-relative", "--submodule=short", "--ignore-submodules=none", "-O/dev/null",
}

// listArgs make git name the files that a commit changes, of a merge those that are
// as in none of its parents. Without renames that costs next to nothing.
var listArgs = []string{"diff-tree", "--stdin", "--always", "--root", "-r", "-c", "--raw", "--no-renames", "--no-abbrev", "--no-relative", "--ignore-submodules=none", "-O/dev/null"}

// endMark is not the id of a commit: diff-tree prints such a line as it is, and all
// that came before it, at once.
const endMark = "end"

// differ is a git diff-tree that shows one batch of commits after the other. A
// process for each batch would find the bases of packed objects anew each time,
// which costs half as much as the patches themselves.
type differ struct {
	kind   string // the arguments and the path, which it was started with
	cmd    *exec.Cmd
	cancel context.CancelFunc
	in     io.WriteCloser
	r      *bufio.Reader
	stderr *complaints
	sent   chan error // how the writing of a batch ended; one element at most
}

// complaints are what git writes to stderr, read while it may write on.
type complaints struct {
	mu   sync.Mutex
	head head
}

func (c *complaints) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.head.Write(p)
}

// lines gives what was written; errors alone without what git only warns of.
func (c *complaints) lines() (all, errs []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.head.buf.Len() == 0 {
		return nil, nil
	}
	all = c.head.lines()
	for _, line := range all {
		if strings.HasPrefix(line, "error:") || strings.HasPrefix(line, "fatal:") {
			errs = append(errs, line)
		}
	}
	return all, errs
}

// differs keeps the processes that wait for work.
type differs struct {
	mu   sync.Mutex
	idle []*differ
}

// differ gives a process that waits, or starts one, for what lies below a path and
// in none of some folders.
func (o *Objects) differ(args []string, sub string, without []string) (*differ, error) {
	at := o.at
	switch {
	case len(without) > 0:
		args = append(slices.Clip(args), "--", ":(top,literal)"+sub)
		for _, folder := range without {
			args = append(args, ":(top,literal,exclude)"+folder)
		}
		at.env = append(slices.Clip(at.env), "GIT_LITERAL_PATHSPECS=0")
	case sub != "":
		args = append(slices.Clip(args), "--", sub)
	}
	kind := strings.Join(args, "\x00")
	o.differs.mu.Lock()
	for i, d := range o.differs.idle {
		if d.kind == kind {
			last := len(o.differs.idle) - 1
			o.differs.idle[i] = o.differs.idle[last]
			o.differs.idle = o.differs.idle[:last]
			o.differs.mu.Unlock()
			return d, nil
		}
	}
	o.differs.mu.Unlock()
	return o.startDiffer(kind, at, args)
}

func (o *Objects) startDiffer(kind string, at place, args []string) (*differ, error) {
	ctx, cancel := context.WithCancel(o.ctx)
	cmd, err := o.repo.command(ctx, at, args...)
	if err != nil {
		cancel()
		return nil, err
	}
	d := &differ{kind: kind, cmd: cmd, cancel: cancel, stderr: &complaints{head: head{left: maxStderr}}, sent: make(chan error, 1)}
	cmd.Stderr = d.stderr
	var out io.ReadCloser
	if d.in, err = cmd.StdinPipe(); err == nil {
		out, err = cmd.StdoutPipe()
	}
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		cancel()
		return nil, fmt.Errorf("starting git diff-tree: %w", err)
	}
	d.r = bufio.NewReaderSize(out, maxPatchLine)
	return d, nil
}

// rest puts a process that has shown all that it was asked for back. Of other ones
// that wait no more than maxIdle do: each holds memory.
func (o *Objects) rest(d *differ) {
	o.differs.mu.Lock()
	defer o.differs.mu.Unlock()
	o.differs.idle = append(o.differs.idle, d)
	if len(o.differs.idle) > maxIdle {
		o.differs.idle[0].kill()
		o.differs.idle = slices.Delete(o.differs.idle, 0, 1)
	}
}

// maxIdle is how many processes may wait.
const maxIdle = 6

// stopDiffers ends the processes that wait.
func (o *Objects) stopDiffers() {
	o.differs.mu.Lock()
	defer o.differs.mu.Unlock()
	for _, d := range o.differs.idle {
		d.kill()
	}
	o.differs.idle = nil
}

// send asks for commits. It writes beside: git may want its output to be read first.
func (d *differ) send(commits []string) {
	text := strings.Join(commits, "\n") + "\n" + endMark + "\n"
	go func() {
		_, err := io.WriteString(d.in, text)
		d.sent <- err
	}()
}

// kill ends the process, whatever it does, and waits for it.
func (d *differ) kill() {
	d.cancel()
	d.in.Close()     //nolint:errcheck // its end is what is wanted
	_ = d.cmd.Wait() // it was killed
}

// died says why a process ended that should not have. Its output was read to the end.
func (d *differ) died() error {
	d.in.Close() //nolint:errcheck // its end is what is wanted
	err := d.cmd.Wait()
	d.cancel()
	if all, errs := d.stderr.lines(); len(all) > 0 {
		if len(errs) > 0 {
			all = errs
		}
		return fmt.Errorf("git diff-tree: %s", strings.Join(all[:min(len(all), 3)], "; "))
	}
	if err == nil {
		err = errors.New("it stopped before the last commit")
	}
	return fmt.Errorf("git diff-tree: %w", err)
}
