// Package forge shows a run where people work: on the forge and its CI system.
package forge

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/sethvargo/go-githubactions"

	"github.com/boltseal/boltseal/internal/policy"
	"github.com/boltseal/boltseal/internal/report"
)

// Publisher shows a run.
type Publisher interface {
	// Publish shows the run and names the report files that were written, by
	// format. An error never changes the verdict.
	Publish(ctx context.Context, run *report.Run, files map[string]string) error
}

// Actions speaks to the runner of GitHub Actions: outputs and the job summary
// through the files that the runner names, commands through standard output.
type Actions struct {
	getenv  func(string) string
	stdout  io.Writer
	options report.Options
	// Summary says whether the job summary is written.
	Summary bool
}

// NewActions takes the job's variables and standard output; options are for the
// summary.
func NewActions(getenv func(string) string, stdout io.Writer, options report.Options) *Actions {
	return &Actions{getenv: getenv, stdout: stdout, options: options, Summary: true}
}

// maxSummary keeps a job summary under GitHub's limit of 1 MiB for a step.
const maxSummary = 1_000_000

// Publish implements Publisher.
func (a *Actions) Publish(_ context.Context, run *report.Run, files map[string]string) error {
	errs := []error{a.Outputs(outputs(run, files))}
	if a.Summary {
		errs = append(errs, a.summary(run))
	}
	return errors.Join(errs...)
}

// Outcome sets the outputs that say how the job ended, where nothing was judged, or over
// those of a run: what had to be published and was not is no pass.
func (a *Actions) Outcome(verdict policy.VerdictStatus, exitCode int) error {
	return a.Outputs(map[string]string{"verdict": string(verdict), "exit-code": strconv.Itoa(exitCode)})
}

// outputs are the outputs of action.yml. A shard has no verdict: only the whole has one.
func outputs(run *report.Run, files map[string]string) map[string]string {
	digests := make([]string, len(run.Policies))
	for i, p := range run.Policies {
		digests[i] = p.Digest
	}
	brought := 0
	for i := range run.Findings {
		if n := run.Findings[i].New; n != nil && *n {
			brought++
		}
	}
	verdict := run.Verdict.Status
	if run.Shard != nil {
		verdict = policy.None
	}
	return map[string]string{
		"verdict":        string(verdict),
		"exit-code":      strconv.Itoa(run.Verdict.ExitCode),
		"blocking-count": strconv.Itoa(run.Verdict.Blocked),
		"new-count":      strconv.Itoa(brought),
		"policy-digest":  strings.Join(digests, " "),
		"json":           files["json"],
		"sarif":          files["sarif"],
		"report":         files["markdown"],
	}
}

// Outputs sets outputs of the step.
func (a *Actions) Outputs(values map[string]string) error {
	if a.getenv("GITHUB_OUTPUT") == "" {
		return errors.New("writing outputs: GITHUB_OUTPUT is not set")
	}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		message, err := delimited(name, values[name])
		if err != nil {
			return err
		}
		if err := a.fileCommand("output", message); err != nil {
			return fmt.Errorf("writing output %s: %w", name, err)
		}
	}
	return nil
}

// delimited writes an output in the form with a delimiter. The library's own
// SetOutput always uses the same delimiter, so that a value which holds it can set
// any other output; ours nobody can guess.
func delimited(name, value string) (string, error) {
	delimiter := "boltseal-" + rand.Text()
	if strings.Contains(value, delimiter) {
		return "", fmt.Errorf("writing output %s: the value holds its delimiter", name)
	}
	return name + "<<" + delimiter + "\n" + value + "\n" + delimiter, nil
}

func (a *Actions) summary(run *report.Run) error {
	if a.getenv("GITHUB_STEP_SUMMARY") == "" {
		return errors.New("writing job summary: GITHUB_STEP_SUMMARY is not set")
	}
	opt := a.options
	opt.MaxBytes = maxSummary
	var b bytes.Buffer
	if err := report.Write(&b, "markdown", run, opt); err != nil {
		return fmt.Errorf("writing job summary: %w", err)
	}
	if err := a.fileCommand("step-summary", b.String()); err != nil {
		return fmt.Errorf("writing job summary: %w", err)
	}
	return nil
}

// fileCommand appends to one of the runner's files. The library panics where it
// cannot.
func (a *Actions) fileCommand(name, message string) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("%v", v)
		}
	}()
	a.action(a.stdout).IssueFileCommand(&githubactions.Command{Name: name, Message: message})
	return nil
}

func (a *Actions) action(w io.Writer) *githubactions.Action {
	return githubactions.New(githubactions.WithWriter(w), githubactions.WithGetenv(a.getenv))
}

// Quoted lets write print text that comes from what was scanned. The runner obeys
// no command in it: commands are stopped until a token returns that nobody can
// guess.
func (a *Actions) Quoted(write func() error) error {
	token := rand.Text()
	if _, err := fmt.Fprintf(a.stdout, "::stop-commands::%s\n", token); err != nil {
		return err
	}
	err := write()
	_, after := fmt.Fprintf(a.stdout, "\n::%s::\n", token)
	return errors.Join(err, after)
}
