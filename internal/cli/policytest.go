package cli

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/boltseal/boltseal/internal/policy"
	"github.com/boltseal/boltseal/internal/scanner/secrets"
)

func newPolicyTest(sys System) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "test [DIR]",
		Short: "Run the tests that the policy holds",
		Long: `test lets each policy that applies to a folder decide about the findings of its
own "tests" section. Exit code 1 means that a decision is not the expected one, 2
that there are no tests.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			policies, err := policiesFor(cmd, sys, args)
			if err != nil {
				return err
			}
			report, failed, total := testReport(policies, sys)
			if total == 0 {
				return usage(errors.New(`there are no tests: write them under "tests" in the policy file`))
			}
			if err := printed(fmt.Fprint(sys.Stdout, secrets.NewMasker()(report))); err != nil {
				return err
			}
			if failed > 0 {
				return &exitError{code: ExitBlocked}
			}
			return nil
		},
	}
	cmd.Flags().StringP("policy", "c", "", "this policy file")
	withEnv(cmd.Flags())
	return cmd
}

// policiesFor finds the policies as scan does for a folder, the first argument, or the
// one that the flag --policy of a command or its variable names.
func policiesFor(cmd *cobra.Command, sys System, args []string) ([]*policy.Policy, error) {
	if err := fromEnv(cmd, sys.Getenv); err != nil {
		return nil, err
	}
	named, err := cmd.Flags().GetString("policy")
	if err != nil {
		return nil, err
	}
	dir := "."
	if len(args) > 0 {
		dir = args[0]
	}
	if err := isFolder(dir); err != nil {
		return nil, err
	}
	set, err := loadPolicies(cmd.Context(), sys, named, []policyPlace{{dir, true}})
	if err != nil {
		return nil, err
	}
	return set.bind([][]string{{dir}}), nil
}

// testReport says what became of each test.
func testReport(policies []*policy.Policy, sys System) (text string, failed, total int) {
	var b strings.Builder
	for _, p := range policies {
		for _, r := range policy.RunTests(p, sys.now()) {
			total++
			if r.Passed() {
				fmt.Fprintf(&b, "ok    %s\n", r.Test.Name)
				continue
			}
			failed++
			fmt.Fprintf(&b, "FAIL  %s\n  %s:%d: want %s, got %s by %s: %s\n", r.Test.Name, p.Path, r.Test.Line, r.Test.Expect, r.Got.Action, r.Got.By, r.Got.Reason)
		}
	}
	fmt.Fprintf(&b, "%d of %d tests pass\n", total-failed, total)
	return b.String(), failed, total
}
