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

// baseArgs are those of every call. Whatever configuration or a later git could
// change is said.
var baseArgs = []string{"diff-tree", "--stdin", "--always", "--root", "-r", "--no-relative", "--ignore-submodules=none", "-O/dev/null"}

// patchArgs make git show what plain git log -p -U0 shows, and of merges the lines
// that no parent has.
var patchArgs = []string{
	"-p", "--cc", "-U0", "--inter-hunk-context=0", "--diff-filter=d", "--irreversible-delete",
	"--diff-algorithm=myers", "--indent-heuristic", "--full-index", "--src-prefix=a/", "--dst-prefix=b/",
	"--no-color", "--no-ext-diff", "--no-textconv", "--submodule=short",
}

// listArgs make git name the files that a commit changes, of a merge those that are
// as in none of its parents.
var listArgs = []string{"-c", "--raw", "--no-abbrev"}

// Renames as git log finds them, copies not. Deleted files are of no interest, but
// what was renamed is found before they are left out.
var renameArgs = []string{"-M50%", "-l1000"}

// Selection says what of commits is looked at.
type Selection struct {
	// Sub is a path relative to the root, "" for the root: nothing else counts, not
	// even as what a file was renamed from.
	Sub string
	// Without are folders of which nothing counts either.
	Without []string
	// Renames says to look for them, which is what costs most of the time.
	Renames bool
}

// smallCaches is what calls keep of objects in memory that are made for few commits,
// or to read folders alone.
var smallCaches = []string{"-c", "core.packedGitLimit=4m", "-c", "core.deltaBaseCacheLimit=4m"}

// args gives the arguments of a call and what its environment needs.
func (s *Selection) args(of []string) (args, env []string) {
	args = slices.Concat(baseArgs, of)
	if s.Renames {
		args = append(args, renameArgs...)
	} else {
		args = append(args, "--no-renames")
	}
	switch {
	case len(s.Without) > 0:
		args = append(args, "--", ":(top,literal)"+s.Sub)
		for _, folder := range s.Without {
			args = append(args, ":(top,literal,exclude)"+folder)
		}
		env = []string{"GIT_LITERAL_PATHSPECS=0"}
	case s.Sub != "":
		args = append(args, "--", s.Sub)
	}
	return args, env
}

// endMark is not the id of a commit: diff-tree prints such a line as it is, and all
// that came before it, at once.
const endMark = "end"

// differ is a git diff-tree that shows one batch of commits after the other. A
// process for each batch would find the bases of packed objects anew each time,
// which costs half as much as the patches themselves.
type differ struct {
	kind   string // the arguments that it was started with
	small  bool   // it keeps little in memory, and little is lost with it
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

// differ gives a process that waits, or starts one.
func (o *Objects) differ(of []string, s *Selection) (*differ, error) {
	args, env := s.args(of)
	at := o.at
	at.env = append(slices.Clip(at.env), env...)
	small := !s.Renames || len(s.Without) > 0 || slices.Equal(of, listArgs)
	if small {
		args = slices.Concat(smallCaches, args)
	}
	kind := strings.Join(args, "\x00")
	o.differs.mu.Lock()
	for i, d := range o.differs.idle {
		if d.kind == kind {
			o.differs.idle = slices.Delete(o.differs.idle, i, i+1)
			o.differs.mu.Unlock()
			return d, nil
		}
	}
	o.differs.mu.Unlock()
	d, err := o.startDiffer(at, args)
	if err == nil {
		d.kind, d.small = kind, small
	}
	return d, err
}

func (o *Objects) startDiffer(at place, args []string) (*differ, error) {
	ctx, cancel := context.WithCancel(o.ctx)
	cmd, err := o.repo.command(ctx, at, args...)
	if err != nil {
		cancel()
		return nil, err
	}
	d := &differ{cmd: cmd, cancel: cancel, stderr: &complaints{head: head{left: maxStderr}}, sent: make(chan error, 1)}
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
		i := max(slices.IndexFunc(o.differs.idle, func(d *differ) bool { return d.small }), 0)
		o.differs.idle[i].kill()
		o.differs.idle = slices.Delete(o.differs.idle, i, i+1)
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
