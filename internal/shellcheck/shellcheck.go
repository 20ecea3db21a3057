// Package shellcheck runs the program shellcheck over any number of scripts in one
// process. Nothing that the scripts or the folders around them say is obeyed: no
// .shellcheckrc, no directives, no sourced files, no environment.
package shellcheck

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// Limits of one run.
const (
	// maxScripts is how many scripts one process takes; their names must fit into
	// one command line.
	maxScripts = 50_000
	// maxOutput is how much it may print, in bytes.
	maxOutput = 64 << 20
	// maxErrors is how much of its complaints is kept, in bytes.
	maxErrors = 4 << 10
	// atLeast and perScript are how long it may take.
	atLeast   = time.Minute
	perScript = 100 * time.Millisecond
	// forVersion is how long it may take to say its version.
	forVersion = 10 * time.Second
)

// Script is what is checked.
type Script struct {
	// Shell is the dialect: sh, bash, dash or ksh.
	Shell string
	// Variables are names that are set before the script begins, to what nobody knows.
	Variables []string
	Text      string
}

// Comment is what the program says of a script. Lines count from 1; columns from 1
// too, in characters.
type Comment struct {
	// Script is the index of the script.
	Script                           int
	Line, Column, EndLine, EndColumn int
	// Level is error, warning, info or style.
	Level   string
	Code    int
	Message string
}

// Engine is the program.
type Engine struct{ path, version string }

// Open looks for the program: by name on PATH, or at a path. It is run once, to ask
// for its version.
func Open(ctx context.Context, name string) (*Engine, error) {
	path, err := exec.LookPath(name)
	if err != nil {
		return nil, fmt.Errorf("looking for %q: %w", name, err)
	}
	if path, err = filepath.Abs(path); err != nil {
		return nil, fmt.Errorf("looking for %q: %w", name, err)
	}
	ctx, cancel := context.WithTimeout(ctx, forVersion)
	defer cancel()
	said, err := run(ctx, path, filepath.Dir(path), "--version")
	if err != nil {
		return nil, fmt.Errorf("asking %q for its version: %w", path, err)
	}
	for line := range strings.Lines(string(said)) {
		if v, ok := strings.CutPrefix(line, "version:"); ok && strings.TrimSpace(v) != "" {
			return &Engine{path, strings.TrimSpace(v)}, nil
		}
	}
	return nil, fmt.Errorf("asking %q for its version: it names none", path)
}

// Version is what the program says that it is, "0.9.0".
func (e *Engine) Version() string { return e.version }

// excluded are the codes that say that a file is not there to be looked at, and
// those that our own first lines and the missing shebang would cause.
const excluded = "SC1090,SC1091,SC2187,SC1128,SC2148"

// Check runs the program over the scripts. Comments are in the order in which it
// gives them. An error means that none of them can be relied on.
func (e *Engine) Check(ctx context.Context, scripts []Script) (_ []Comment, err error) {
	if len(scripts) == 0 {
		return nil, nil
	}
	if len(scripts) > maxScripts {
		return nil, fmt.Errorf("running shellcheck: more than %d scripts", maxScripts)
	}
	dir, err := os.MkdirTemp("", "boltseal-shellcheck-")
	if err != nil {
		return nil, fmt.Errorf("running shellcheck: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	args := []string{"--norc", "--format=json1", "--exclude=" + excluded, "--"}
	for n, s := range scripts {
		name := strconv.Itoa(n)
		if err := os.WriteFile(filepath.Join(dir, name), []byte(s.file()), 0o600); err != nil {
			return nil, fmt.Errorf("running shellcheck: %w", err)
		}
		args = append(args, name)
	}
	limit := atLeast + time.Duration(len(scripts))*perScript
	ctx, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("not ready after %s", limit))
	defer cancel()
	said, err := run(ctx, e.path, dir, args...)
	if err != nil {
		return nil, fmt.Errorf("running shellcheck: %w", err)
	}
	return comments(said, len(scripts))
}

// ahead is how many lines stand before the script's own.
const ahead = 2

// file is the script as the program reads it: its first line says what shell it is
// for, the second one what variables are known.
func (s Script) file() string {
	known := ":"
	if len(s.Variables) > 0 {
		known = "export " + strings.Join(s.Variables, " ")
	}
	return "# shellcheck shell=" + s.Shell + "\n" + known + "\n" + disarm(s.Text)
}

// disarm takes the word out of comments that would be directives: what is checked
// has no say in how. Length and lines stay as they are.
func disarm(text string) string {
	const word = "shellcheck"
	var b strings.Builder
	for line := range strings.Lines(text) {
		for from := 0; ; {
			n := strings.Index(line[from:], word)
			if n < 0 {
				break
			}
			n += from
			if before := strings.TrimRight(line[:n], " \t"); strings.HasSuffix(before, "#") {
				line = line[:n] + strings.Repeat("-", len(word)) + line[n+len(word):]
			}
			from = n + len(word)
		}
		b.WriteString(line)
	}
	return b.String()
}

// answer is what the program prints.
type answer struct {
	Comments []struct {
		File      string `json:"file"`
		Line      int    `json:"line"`
		EndLine   int    `json:"endLine"`
		Column    int    `json:"column"`
		EndColumn int    `json:"endColumn"`
		Level     string `json:"level"`
		Code      int    `json:"code"`
		Message   string `json:"message"`
	} `json:"comments"`
}

// comments reads the answer, less what it says of our own first lines.
func comments(said []byte, scripts int) ([]Comment, error) {
	var a answer
	if err := json.Unmarshal(said, &a); err != nil {
		return nil, fmt.Errorf("reading what shellcheck says: %w", err)
	}
	if a.Comments == nil {
		return nil, errors.New("reading what shellcheck says: it has no comments")
	}
	var out []Comment
	for _, c := range a.Comments {
		n, err := strconv.Atoi(c.File)
		if err != nil || n < 0 || n >= scripts {
			return nil, fmt.Errorf("reading what shellcheck says: %q is none of the files", c.File)
		}
		if c.Line <= ahead {
			continue
		}
		out = append(out, Comment{
			Script: n, Line: c.Line - ahead, Column: c.Column, EndLine: max(c.EndLine, c.Line) - ahead, EndColumn: c.EndColumn,
			Level: c.Level, Code: c.Code, Message: c.Message,
		})
	}
	return out, nil
}

var errTooMuch = errors.New("it prints too much")

// bounded keeps what is written up to a limit.
type bounded struct {
	kept  bytes.Buffer
	limit int
	// strict ends the writing with an error; else what is beyond is dropped.
	strict bool
}

func (b *bounded) Write(p []byte) (int, error) {
	if b.kept.Len()+len(p) <= b.limit {
		return b.kept.Write(p)
	}
	if b.strict {
		return 0, errTooMuch
	}
	b.kept.Write(p[:max(0, b.limit-b.kept.Len())])
	return len(p), nil
}

// run gives what the program prints. It exits with 1 when it has found something.
func run(ctx context.Context, path, dir string, args ...string) ([]byte, error) {
	out, complaints := &bounded{limit: maxOutput, strict: true}, &bounded{limit: maxErrors}
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Dir, cmd.Env = dir, []string{"LC_ALL=C.UTF-8"}
	cmd.Stdout, cmd.Stderr = out, complaints
	cmd.WaitDelay = time.Second
	err := cmd.Run()
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case errors.As(err, &exit) && exit.ExitCode() == 1, err == nil:
		return out.kept.Bytes(), nil
	case complaints.kept.Len() > 0:
		first, _, _ := strings.Cut(strings.TrimSpace(complaints.kept.String()), "\n")
		return nil, fmt.Errorf("%w: %s", err, strings.ToValidUTF8(first, ""))
	}
	return nil, err
}
