package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/boltseal/boltseal/internal/baseline"
	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/gate"
	"github.com/boltseal/boltseal/internal/policy"
	"github.com/boltseal/boltseal/internal/report"
	"github.com/boltseal/boltseal/internal/scanner/secrets"
)

// defaultBaseline is where known findings are written where nobody says otherwise.
const defaultBaseline = ".boltseal-baseline"

func newBaseline(sys System, g *global) *cobra.Command {
	var o scanOptions
	var file string
	cmd := &cobra.Command{
		Use:   "baseline [TARGET...]",
		Short: "Record today's findings as known",
		Long: `baseline scans as scan does and writes what it finds into a file, sorted, one line
a finding, so that a review sees what comes in and what goes. What is listed is not
new afterwards: "new: {compare-to: baseline, baseline: FILE}" in the policy says so,
or scan --baseline FILE. What the policy accepts is left out.

An entry that nothing matches any more is taken out where its scanner has looked at
all of its target, and kept where it has not. Exit code 3 says that something was not
scanned; what was found is written all the same.`,
		Example: `  boltseal baseline
  boltseal baseline . docker-archive:app.tar -o security/known.txt`,
		RunE: func(cmd *cobra.Command, args []string) error {
			log, err := g.begin(cmd, sys)
			if err != nil {
				return err
			}
			// The file that is written is not read as a policy's: it may not be there.
			o.noBaseline = true
			p, err := o.prepare(cmd.Context(), sys, log, args)
			if err != nil {
				return err
			}
			defer p.close(sys)
			if file, err = p.baselineFile(cmd.Context(), file); err != nil {
				return err
			}
			old, err := oldBaseline(file)
			if err != nil {
				return err
			}
			run := p.run(cmd.Context(), sys, log)
			return writeBaseline(sys, file, old, run)
		},
	}
	o.register(cmd)
	cmd.Flags().StringVarP(&file, "output", "o", "", "file to write (default: that of the policy, else "+defaultBaseline+")")
	withEnv(cmd.Flags())
	return cmd
}

// baselineFile is the file to write: the one that was named, else the policy's.
func (p *prepared) baselineFile(ctx context.Context, named string) (string, error) {
	if named != "" {
		return named, nil
	}
	root := topmost(p.policies.of(0))
	if root == nil || root.New.Baseline == "" {
		return defaultBaseline, nil
	}
	files, ok, err := p.options.nativeFilesOf(ctx, p.targets[0].dir())
	if err != nil || !ok {
		return "", cmpErr(err, "there is no folder for the baseline")
	}
	return filepath.Join(files.root, filepath.FromSlash(root.New.Baseline)), nil
}

func cmpErr(err error, otherwise string) error {
	if err != nil {
		return err
	}
	return usage(errors.New(otherwise))
}

// oldBaseline reads what is updated; nothing where there is no such file.
func oldBaseline(file string) (*baseline.Baseline, error) {
	if _, err := os.Lstat(file); errors.Is(err, fs.ErrNotExist) {
		return &baseline.Baseline{}, nil
	}
	f, err := namedFile(file)
	if err != nil {
		return nil, err
	}
	b, err := baseline.Parse(shown(file), f.text)
	if err != nil {
		return nil, usage(err)
	}
	return b, nil
}

func writeBaseline(sys System, file string, old *baseline.Baseline, run *report.Run) error {
	var known []finding.Finding
	for i := range run.Findings {
		if f := &run.Findings[i]; f.Decision.Action != policy.Suppress {
			known = append(known, f.Finding)
		}
	}
	day := sys.now().UTC().Format(time.DateOnly)
	updated, changes := old.Update(known, gate.Looked(run), day)
	if changes.Added+changes.Pruned > 0 || !bytes.Equal(old.Format(day), updated.Format(day)) || len(old.Entries) == 0 {
		err := writeFile(file, func(f *os.File) error {
			_, err := f.Write(updated.Format(day))
			return err
		})
		if err != nil {
			return noVerdict(fmt.Errorf("writing baseline: %w", err))
		}
	}
	text := fmt.Sprintf("%s: %d known, %d added, %d taken out", shown(file), len(updated.Entries), changes.Added, changes.Pruned)
	if changes.Kept > 0 {
		text += fmt.Sprintf(", %d kept that nothing has looked for", changes.Kept)
	}
	if err := printed(fmt.Fprintln(sys.Stdout, secrets.NewMasker()(text))); err != nil {
		return err
	}
	for _, s := range run.Scans {
		if s.Status == finding.StatusPartial || s.Status == finding.StatusFailed {
			return noVerdict(fmt.Errorf("%s did not look at all of %s: %s", s.Scanner, s.Target, s.Reason))
		}
	}
	return nil
}
