package git

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// ErrNoGit says that there is no git program to ask.
var ErrNoGit = errors.New("no git program found")

// Bounds of what a call may print. The first is far beyond any repository that git
// itself can handle.
const (
	maxOutput = 2 << 30 // bytes
	maxRecord = 64 << 10
	maxStderr = 64 << 10
)

// killDelay is how long a killed git may hold its pipes open.
const killDelay = 5 * time.Second

// config overrides what a repository could set to have something run, or to show
// less than there is. The command line wins over every file.
var config = []string{
	"core.fsmonitor=false",
	"core.untrackedCache=false",
	"core.hooksPath=/dev/null",
	"core.excludesFile=/dev/null",
	"core.attributesFile=/dev/null",
	"core.pager=cat",
	"core.quotePath=false",
	"core.sshCommand=false",
	"core.askPass=",
	"credential.helper=",
	"diff.external=",
	"protocol.allow=never",
	"core.warnAmbiguousRefs=false",
	// What a commit graph says of parents is not checked against the commits.
	"core.commitGraph=false",
	// What git keeps in memory of packs and of objects that others are deltas of: by
	// default hundreds of megabytes, which make it no faster.
	"core.packedGitWindowSize=1m",
	"core.packedGitLimit=16m",
	"core.deltaBaseCacheLimit=20m",
	"safe.bareRepository=explicit",
	"submodule.recurse=false",
	// The empty file of grafts is ours; what git says of it would hide what was wrong.
	"advice.graftFileDeprecated=false",
}

// environment is all that git gets, beside a PATH with git's own folder only: what
// we call is built in, but git itself can be a wrapper that looks for the real one.
var environment = []string{
	"GIT_CONFIG_NOSYSTEM=1",
	"GIT_CONFIG_GLOBAL=/dev/null",
	"GIT_ATTR_NOSYSTEM=1",
	"GIT_TERMINAL_PROMPT=0",
	"GIT_OPTIONAL_LOCKS=0",
	"GIT_LITERAL_PATHSPECS=1",
	// Neither hides or makes up commits.
	"GIT_NO_REPLACE_OBJECTS=1",
	"GIT_GRAFT_FILE=/dev/null",
	// A partial clone fetches what it misses from a remote of its own choice. The
	// first is known to git 2.44 and later; the second forbids every transport.
	"GIT_NO_LAZY_FETCH=1",
	"GIT_ALLOW_PROTOCOL=none",
	"LC_ALL=C",
}

// program finds git, which is not to be what the repository brings along.
func (r *Repo) program() (string, error) {
	path, err := exec.LookPath("git")
	if err != nil {
		return "", fmt.Errorf("%w (%w)", ErrNoGit, err)
	}
	if within(r.Root, path) {
		return "", fmt.Errorf("%w outside the repository: the one at %q belongs to what is scanned", ErrNoGit, path)
	}
	return path, nil
}

// place is where a call looks: the .git folder, the work tree, and what the
// environment says beside.
type place struct {
	gitDir, workTree string
	env              []string
}

// command builds a call. --git-dir and --work-tree are given, so that neither
// core.worktree nor a bare repository in a folder below decides what is read, and
// so that a work tree of another owner can be read.
func (r *Repo) command(ctx context.Context, at place, args ...string) (*exec.Cmd, error) {
	program, err := r.program()
	if err != nil {
		return nil, err
	}
	fixed := []string{"--no-pager", "--git-dir=" + at.gitDir, "--work-tree=" + at.workTree}
	for _, c := range config {
		fixed = append(fixed, "-c", c)
	}
	fixed = append(fixed, "-c", "safe.directory="+filepath.ToSlash(r.Root))
	cmd := exec.CommandContext(ctx, program, append(fixed, args...)...)
	cmd.Dir = at.workTree
	cmd.Env = slices.Concat([]string{"PATH=" + filepath.Dir(program)}, environment, r.alternates(), at.env)
	cmd.WaitDelay = killDelay
	return cmd, nil
}

// alternates makes git see what a store has fetched.
func (r *Repo) alternates() []string {
	if r.fetched == "" {
		return nil
	}
	// Quoted, a colon in it is none between two.
	return []string{"GIT_ALTERNATE_OBJECT_DIRECTORIES=" + strconv.Quote(filepath.Join(r.fetched, "objects"))}
}

// within says whether a file lies in a folder, links resolved.
func within(dir, file string) bool {
	dir, errDir := filepath.EvalSymlinks(dir)
	file, errFile := filepath.EvalSymlinks(file)
	if errDir != nil || errFile != nil {
		return false
	}
	rel, err := filepath.Rel(dir, file)
	return err == nil && filepath.IsLocal(rel)
}

// output is a running git, read record by record.
type output struct {
	name   string // "git ls-files", for errors
	cmd    *exec.Cmd
	cancel context.CancelFunc
	cause  func() error // why the caller's context ended, nil while it has not
	stderr *head
	r      *bufio.Reader
	read   int64
	err    error
}

// start starts git in the repository itself. The caller calls next until it says
// false, then close.
func (r *Repo) start(ctx context.Context, args ...string) (*output, error) {
	return r.startAt(ctx, place{gitDir: r.gitDir, workTree: r.Root}, nil, args...)
}

// startAt starts git elsewhere, with an input if there is one.
func (r *Repo) startAt(ctx context.Context, at place, in io.Reader, args ...string) (*output, error) {
	inner, cancel := context.WithCancel(ctx)
	cmd, err := r.command(inner, at, args...)
	if err != nil {
		cancel()
		return nil, err
	}
	o := &output{
		name: "git " + args[0], cmd: cmd, cancel: cancel, stderr: &head{left: maxStderr},
		cause: func() error { return context.Cause(ctx) },
	}
	cmd.Stdin, cmd.Stderr = in, o.stderr
	pipe, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		cancel()
		return nil, fmt.Errorf("starting %s: %w", o.name, err)
	}
	o.r = bufio.NewReaderSize(pipe, maxRecord)
	return o, nil
}

// line gives the next line without its end; else like next.
func (o *output) line() ([]byte, bool) { return o.until('\n') }

// next gives the next record, without the NUL at its end; it is valid until the next
// call.
func (o *output) next() ([]byte, bool) { return o.until(0) }

func (o *output) until(end byte) ([]byte, bool) {
	if o.err != nil {
		return nil, false
	}
	record, err := o.r.ReadSlice(end)
	o.read += int64(len(record))
	switch {
	case errors.Is(err, io.EOF) && len(record) == 0:
		return nil, false
	case errors.Is(err, io.EOF):
		o.err = fmt.Errorf("%s: output breaks off", o.name)
	case errors.Is(err, bufio.ErrBufferFull):
		o.err = fmt.Errorf("%s: a record is longer than %d bytes", o.name, maxRecord)
	case err != nil:
		o.err = fmt.Errorf("reading from %s: %w", o.name, err)
	case o.read > maxOutput:
		o.err = fmt.Errorf("%s: more than %d bytes of output", o.name, int64(maxOutput))
	default:
		return record[:len(record)-1], true
	}
	return nil, false
}

// close waits for git's end and gives the lines that it wrote to stderr. A git that
// was not read to its end is killed.
func (o *output) close() ([]string, error) {
	if o.err != nil {
		o.cancel()
	}
	err := o.cmd.Wait()
	cause := o.cause()
	o.cancel()
	lines := o.stderr.lines()
	var exit *exec.ExitError
	switch {
	case cause != nil:
		return nil, fmt.Errorf("%s: %w", o.name, cause)
	case errors.As(err, &exit) && exit.Exited() && exit.ExitCode() != 0:
		why := fmt.Sprintf("exit status %d", exit.ExitCode())
		return nil, fmt.Errorf("%s: %s", o.name, cmp.Or(strings.Join(lines[:min(len(lines), 3)], "; "), why))
	case o.err != nil:
		return nil, o.err
	case err != nil:
		return nil, fmt.Errorf("%s: %w", o.name, err)
	}
	return lines, nil
}

// head keeps the first bytes that are written to it.
type head struct {
	buf  bytes.Buffer
	left int
}

func (h *head) Write(p []byte) (int, error) {
	keep := p[:min(len(p), h.left)]
	h.left -= len(keep)
	h.buf.Write(keep)
	return len(p), nil
}

// lines gives what was written, line by line, with nothing in it that a terminal
// obeys.
func (h *head) lines() []string {
	var lines []string
	for line := range strings.Lines(strings.ToValidUTF8(h.buf.String(), "\uFFFD")) {
		line = strings.Map(func(r rune) rune {
			if r < ' ' || (r >= 0x7f && r < 0xa0) {
				return -1
			}
			return r
		}, line)
		if line != "" {
			lines = append(lines, line)
		}
	}
	return lines
}
