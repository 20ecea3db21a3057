package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/fix"
	"github.com/boltseal/boltseal/internal/gate"
	"github.com/boltseal/boltseal/internal/rule"
)

// fixOptions are what fix takes beside the options of a scan.
type fixOptions struct {
	rules        []string
	dryRun, diff bool
}

func newFix(sys System, g *global) *cobra.Command {
	var o fixOptions
	var s scanOptions
	cmd := &cobra.Command{
		Use:   "fix [PATH...]",
		Short: "Mend what can be mended safely",
		Long: `fix scans folders (default: the current one) and files, and applies the fixes
that findings carry to the files themselves. A fix is applied only where it is
known to be safe: the file builds from the same images and sources by the same
instructions, and every byte outside of the edit stays. What a pragma or an
exception of the policy accepts is left alone.

Each file is replaced in one step and keeps its mode; links are never followed.
Run it again and it changes nothing.

Exit codes: 0 done, or nothing to do; 1 with --dry-run or --diff, when there is
something to do; 2 bad arguments or policy file; 3 something could not be scanned
or written.`,
		Example: `  boltseal fix
  boltseal fix --diff docker/Dockerfile
  boltseal fix --rule DL3015,DL3042 --dry-run
  boltseal fix --diff | git apply`,
		RunE: func(cmd *cobra.Command, args []string) error {
			log, err := g.begin(cmd, sys)
			if err != nil {
				return err
			}
			m, err := o.prepare(cmd.Context(), sys, log, s, args)
			if err != nil {
				return err
			}
			return m.run(cmd.Context(), log)
		},
	}
	f := cmd.Flags()
	f.StringVarP(&s.policy, "policy", "c", "", "policy file, instead of looking for .boltseal.yaml from the target upwards")
	f.BoolVar(&s.noGitignore, "no-gitignore", false, "mend untracked files that git ignores as well")
	f.StringSliceVar(&o.rules, "rule", nil, "only these rules")
	f.BoolVar(&o.dryRun, "dry-run", false, "say what would be done and write nothing")
	f.BoolVar(&o.diff, "diff", false, "print the change as a unified diff and write nothing")
	withEnv(f)
	return cmd
}

// mender is a fix that is ready to run.
type mender struct {
	fixOptions
	*prepared
	sys System
	// only are the rules that were asked for; none for all.
	only map[string]bool
	// What was done so far.
	applied, left int
	files         int
	failed        bool
	told          map[string]bool
}

func (o fixOptions) prepare(ctx context.Context, sys System, log *slog.Logger, s scanOptions, args []string) (*mender, error) {
	m := &mender{fixOptions: o, sys: sys, only: make(map[string]bool), told: make(map[string]bool)}
	catalogue, err := gate.Catalogue()
	if err != nil {
		return nil, noVerdict(err)
	}
	for _, r := range catalogue {
		if r.Fixable && !slices.Contains(s.scanners, r.Scanner) {
			s.scanners = append(s.scanners, r.Scanner)
		}
	}
	for _, id := range o.rules {
		r, err := fixable(catalogue, strings.TrimSpace(id))
		if err != nil {
			return nil, err
		}
		m.only[r.ID] = true
	}
	if m.prepared, err = s.prepare(ctx, sys, log, args); err != nil {
		return nil, err
	}
	for _, t := range m.targets {
		if t.scheme != "dir" {
			return nil, usage(fmt.Errorf("target %q is neither a folder nor a file: there is nothing to mend", t.typed))
		}
	}
	return m, nil
}

// fixable finds a rule that has fixes.
func fixable(c rule.Catalogue, id string) (rule.Rule, error) {
	r, ok := c.Find(id)
	if !ok {
		return r, usage(unknownRule(c, id))
	}
	if r.Fixable {
		return r, nil
	}
	var ids []string
	for _, r := range c {
		if r.Fixable {
			ids = append(ids, r.ID)
		}
	}
	return r, usage(fmt.Errorf("rule %s has no fixes; those that have: %s", r.ID, strings.Join(ids, ", ")))
}

// run mends target after target, each with what was written for those before it.
func (m *mender) run(ctx context.Context, log *slog.Logger) error {
	for _, t := range m.targets {
		err := m.target(ctx, log, t)
		if printed, ok := errors.AsType[*exitError](err); ok {
			return printed
		}
		if err != nil {
			m.fail("%s: %v", t.name(), err)
		}
	}
	if err := m.summary(); err != nil {
		return err
	}
	switch {
	case m.applied > 0 && (m.dryRun || m.diff):
		return &exitError{code: ExitBlocked}
	case m.failed:
		return noVerdict(nil)
	}
	return nil
}

// fail tells what went wrong, once; the others are mended all the same.
func (m *mender) fail(format string, args ...any) {
	m.failed = true
	if text := m.judging.Mask(fmt.Sprintf(format, args...)); !m.told[text] {
		m.told[text] = true
		m.sys.warn("%s", text)
	}
}

func (m *mender) target(ctx context.Context, log *slog.Logger, t target) error {
	o := t.reach(ctx, m.sys, opening{noGitignore: m.options.noGitignore})
	for _, f := range o.failed {
		m.fail("%s: %v", f.Target, f.Err)
	}
	for _, src := range o.sources {
		w := &mending{mender: m, target: t, source: src, log: log}
		if err := errors.Join(w.mend(ctx), src.Close()); err != nil {
			return err
		}
	}
	return nil
}

// summary ends the report; beside a diff it goes to standard error.
func (m *mender) summary() error {
	verb := "mended"
	if m.dryRun || m.diff {
		verb = "would mend"
	}
	text := "nothing to mend"
	if m.applied > 0 {
		text = fmt.Sprintf("%s %s in %s", verb, count(m.applied, "finding"), count(m.files, "file"))
	}
	switch {
	case m.left == 1:
		text += "; 1 finding is left that has no safe fix: `boltseal scan` shows it"
	case m.left > 1:
		text += fmt.Sprintf("; %d findings are left that have no safe fix: `boltseal scan` shows them", m.left)
	}
	if m.diff {
		_, _ = fmt.Fprintln(m.sys.Stderr, text)
		return nil
	}
	return printed(fmt.Fprintln(m.sys.Stdout, text))
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// tell prints what becomes of a file.
func (m *mender) tell(path string, before, after []byte, applied []finding.Finding) error {
	m.files++
	m.applied += len(applied)
	if m.diff {
		return printed(m.sys.Stdout.Write([]byte(m.judging.Mask(string(fix.Diff(path, before, after))))))
	}
	var b strings.Builder
	for _, f := range applied {
		fmt.Fprintf(&b, "%s:%d:%d %s %s\n", path, f.Location.StartLine, f.Location.StartColumn, f.Rule, f.Fix.Description)
	}
	return printed(fmt.Fprint(m.sys.Stdout, m.judging.Mask(b.String())))
}
