package cli

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/gate"
	"github.com/boltseal/boltseal/internal/policy"
	"github.com/boltseal/boltseal/internal/report"
	"github.com/boltseal/boltseal/internal/scanner/secrets"
)

// maxExplained bounds the findings that are explained: the first show how it goes.
const maxExplained = 20

func newPolicyExplain(sys System) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "explain FINGERPRINT|RULE [RUN.json]",
		Short: "Say how the decision about a finding comes about, and when it changes",
		Long: `explain says of the findings of a run file that have a fingerprint, a rule or an
advisory which exception, rule, grace, scope or policy decides about them today, by
the policy that applies to the current folder, and on what day that changes. A rule of
the policy, or "exception 1", stands for what that decided in the run.

Without a run file it takes a rule of "boltseal rules", as if that had been found
just now, and as if it had been there before.`,
		Example: `  boltseal scan -f json=run.json; boltseal policy explain CVE-2021-23337 run.json
  boltseal policy explain DL3008`,
		Args: cobra.RangeArgs(1, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			policies, err := policiesFor(cmd, sys, nil)
			if err != nil {
				return err
			}
			in, chosen, err := explained(args)
			if err != nil {
				return err
			}
			return printed(fmt.Fprint(sys.Stdout, secrets.NewMasker()(explanations(policies, in, chosen, sys))))
		},
	}
	cmd.Flags().StringP("policy", "c", "", "this policy file")
	withEnv(cmd.Flags())
	return cmd
}

// explained gives the findings that are asked for.
func explained(args []string) (policy.Input, []int, error) {
	if len(args) == 1 {
		in, err := exampleOf(args[0])
		if err != nil {
			return in, nil, err
		}
		return in, []int{0, 1}, nil
	}
	run, err := readRun(args[1])
	if err != nil {
		return policy.Input{}, nil, err
	}
	in := judgedInput(run)
	var chosen []int
	for i := range in.Subjects {
		f := &in.Subjects[i].Finding
		same := func(s string) bool { return strings.EqualFold(s, args[0]) }
		if slices.Contains(f.Keys(), args[0]) || slices.ContainsFunc(f.IDs(), same) || same(f.Rule) {
			chosen = append(chosen, i)
		}
	}
	if len(chosen) == 0 { // a rule of the policy: what it decided
		for i := range run.Findings {
			if by := run.Findings[i].Decision.By; by == args[0] || by == "rule "+args[0] {
				chosen = append(chosen, i)
			}
		}
	}
	if len(chosen) == 0 {
		return in, nil, usage(fmt.Errorf("%s holds no finding of %q: it wants a fingerprint, a rule, an advisory, or what decided, as \"exception 1\"", args[1], args[0]))
	}
	return in, chosen, nil
}

// judgedInput is what a stored run was judged by, without its decisions.
func judgedInput(run *report.Run) policy.Input {
	in := policy.Input{
		FailOn: run.Judged.FailOn, Only: run.Judged.Only, Event: run.Judged.Event, Environment: run.Judged.Environment, DefaultBranch: run.Judged.DefaultBranch,
	}
	for i := range run.Findings {
		in.Subjects = append(in.Subjects, run.Findings[i].Subject)
	}
	return in
}

// readRun reads a run file that the user named; a bad one is bad usage.
func readRun(name string) (*report.Run, error) {
	run, err := openRun(name)
	if err != nil {
		return nil, usage(err)
	}
	return run, nil
}

// openRun reads a run file.
func openRun(name string) (*report.Run, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("reading run file: %w", err)
	}
	defer f.Close() //nolint:errcheck // only read from
	run, err := report.Read(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return run, nil
}

// exampleOf are two findings of a rule of the catalogue: a new one and an old one.
func exampleOf(id string) (policy.Input, error) {
	var in policy.Input
	if strings.HasPrefix(id, "v1:") {
		return in, usage(errors.New("a fingerprint is found in a run file: boltseal scan -f json=run.json writes one"))
	}
	catalogue, err := gate.Catalogue()
	if err != nil {
		return in, noVerdict(err)
	}
	r, ok := catalogue.Find(id)
	if !ok {
		return in, usage(fmt.Errorf("%w; of an advisory, or a finding, explain wants a run file as well", unknownRule(catalogue, id)))
	}
	for _, isNew := range []bool{true, false} {
		in.Subjects = append(in.Subjects, policy.Subject{
			Finding: finding.Finding{Rule: r.ID, Scanner: r.Scanner, Severity: r.Severity, Target: "as an example"},
			New:     &isNew,
		})
	}
	return in, nil
}

func explanations(policies []*policy.Policy, in policy.Input, chosen []int, sys System) string {
	var b strings.Builder
	for n, i := range chosen {
		if n == maxExplained {
			fmt.Fprintf(&b, "\nand %d more\n", len(chosen)-n)
			break
		}
		if n > 0 {
			b.WriteString("\n")
		}
		e := policy.Explain(policies, in, i, sys.now())
		s := &in.Subjects[i]
		if s.New != nil {
			b.WriteString(map[bool]string{true: "new: ", false: "there before: "}[*s.New])
		}
		for line := range strings.Lines(e.Text(&s.Finding)) {
			b.WriteString(report.Plain(strings.TrimSuffix(line, "\n")) + "\n")
		}
	}
	return b.String()
}
