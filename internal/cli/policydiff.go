package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/boltseal/boltseal/internal/git"
	"github.com/boltseal/boltseal/internal/policy"
	"github.com/boltseal/boltseal/internal/report"
	"github.com/boltseal/boltseal/internal/scanner/secrets"
)

func newPolicyDiff(sys System) *cobra.Command {
	var run string
	cmd := &cobra.Command{
		Use:   "diff OLD NEW",
		Short: "Say what a policy decides more strictly or more loosely than another",
		Long: `diff compares what two policies do, not how they are written: it lets both decide
about findings made for the conditions of either, or about those of a run file, and
shows one example of each difference. A policy is a file, REVISION:FILE for one of the
current repository's commits, or ` + policy.BuiltIn + ` for the built-in default.

What cel decides is compared for the findings of a run file alone.`,
		Example: `  boltseal policy diff main:.boltseal.yaml .boltseal.yaml
  boltseal policy diff built-in .boltseal.yaml --run run.json`,
		Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			var policies [2][]*policy.Policy
			for i, name := range args {
				p, err := comparedPolicy(cmd.Context(), name)
				if err != nil {
					return badPolicy(err)
				}
				policies[i] = []*policy.Policy{p}
			}
			var subjects []policy.Subject
			if run != "" {
				r, err := readRun(run)
				if err != nil {
					return err
				}
				subjects = judgedInput(r).Subjects
				if len(subjects) == 0 {
					return usage(fmt.Errorf("%s holds no findings", run))
				}
			}
			differences := policy.Compare(policies[0], policies[1], subjects, sys.now())
			return printed(fmt.Fprint(sys.Stdout, secrets.NewMasker()(differencesText(differences, run != ""))))
		},
	}
	cmd.Flags().StringVar(&run, "run", "", "compare by the findings of this run file")
	return cmd
}

// comparedPolicy reads a policy that diff was given.
func comparedPolicy(ctx context.Context, name string) (*policy.Policy, error) {
	if name == policy.BuiltIn {
		return policy.Default(), nil
	}
	rev, path, ofCommit := strings.Cut(name, ":")
	if _, err := os.Lstat(name); !ofCommit || !errors.Is(err, fs.ErrNotExist) {
		return loadNamed(name)
	}
	dir, err := realPath(".")
	if err != nil {
		return nil, err
	}
	repo, err := git.Find(ctx, dir)
	if err != nil {
		return nil, fmt.Errorf("reading policy %s: %w", name, err)
	}
	commit, err := repo.Resolve(ctx, rev)
	if err != nil {
		return nil, fmt.Errorf("reading policy %s: %w", name, err)
	}
	data, err := readCommitted(ctx, repo, commit, path)
	if err != nil {
		return nil, fmt.Errorf("reading policy %s: %w", name, err)
	}
	return policy.Load(name, data)
}

func differencesText(differences []policy.Difference, counted bool) string {
	if len(differences) == 0 {
		return "no difference\n"
	}
	var b strings.Builder
	for _, d := range differences {
		direction := "looser "
		if d.Tighter {
			direction = "tighter"
		}
		fmt.Fprintf(&b, "%s  %s -> %s\n", direction, report.Plain(d.Old), report.Plain(d.New))
		switch {
		case d.Example != "" && counted:
			fmt.Fprintf(&b, "         findings: %d, as %s\n", d.Count, report.Plain(d.Example))
		case d.Example != "":
			fmt.Fprintf(&b, "         for example %s\n", report.Plain(d.Example))
		}
	}
	return b.String()
}
