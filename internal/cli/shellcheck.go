package cli

import (
	"context"
	"errors"
	"fmt"
	"os/exec"

	"github.com/boltseal/boltseal/internal/scanner/dockerfile"
	"github.com/boltseal/boltseal/internal/shellcheck"
)

// Who checks shell code, where --shellcheck names no path.
const (
	shellOwn  = "own"
	shellAuto = "auto"
)

// shellChecker opens the program that checks shell code; nil where there is none, or
// none is to be used.
func (o scanOptions) shellChecker(ctx context.Context) (dockerfile.ShellChecker, error) {
	if o.shellcheck == shellOwn || o.shellcheck == "" {
		return nil, nil //nolint:nilnil // no program is an answer
	}
	name := o.shellcheck
	if name == shellAuto {
		name = "shellcheck"
	}
	engine, err := shellcheck.Open(ctx, name)
	switch {
	case err == nil:
		return shellEngine{engine}, nil
	case o.shellcheck == shellAuto && errors.Is(err, exec.ErrNotFound):
		return nil, nil //nolint:nilnil // as above
	}
	return nil, fmt.Errorf("--shellcheck: %w", err)
}

// shellEngine lets the scanner use the program.
type shellEngine struct{ *shellcheck.Engine }

func (e shellEngine) Name() string { return "shellcheck " + e.Version() }

func (e shellEngine) Check(ctx context.Context, scripts []dockerfile.ShellScript) ([]dockerfile.ShellComment, error) {
	questions := make([]shellcheck.Script, len(scripts))
	for n, s := range scripts {
		questions[n] = shellcheck.Script(s)
	}
	said, err := e.Engine.Check(ctx, questions)
	comments := make([]dockerfile.ShellComment, len(said))
	for n, c := range said {
		comments[n] = dockerfile.ShellComment(c)
	}
	return comments, err
}
