package cli

import (
	"fmt"

	"github.com/boltseal/boltseal/internal/policy"
)

// The exit codes, the same for every format. Where several hold: 2, then 1, then 3.
const (
	ExitPass    = policy.ExitPass    // no finding blocks; warnings are allowed
	ExitBlocked = policy.ExitBlocked // the policy blocks
	ExitUsage   = 2                  // bad arguments or a bad policy file
	ExitNone    = policy.ExitNone    // no verdict: something could not be scanned, or a report not be written
)

// exitError carries an exit code. It is matched by its type: an interface with an
// ExitCode method would match *exec.ExitError as well.
type exitError struct {
	code int
	err  error // nil when everything has been said
}

func (e *exitError) Error() string {
	if e.err == nil {
		return ""
	}
	return e.err.Error()
}

func (e *exitError) Unwrap() error { return e.err }

func usage(err error) *exitError { return &exitError{ExitUsage, err} }

func noVerdict(err error) *exitError { return &exitError{ExitNone, err} }

// printed turns a failed write to standard output into an exit code: what was
// asked for is not there.
func printed(_ int, err error) error {
	if err != nil {
		return noVerdict(fmt.Errorf("writing to standard output: %w", err))
	}
	return nil
}
