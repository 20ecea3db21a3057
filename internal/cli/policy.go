package cli

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/boltseal/boltseal/internal/policy"
	"github.com/boltseal/boltseal/internal/scanner/secrets"
)

func newPolicy(sys System, g *global) *cobra.Command {
	return group("policy", "Work with the policy file", newPolicyCheck(sys), newPolicyTest(sys), newPolicyExplain(sys), newPolicyDiff(sys), newPolicySchema(sys), newPolicyInit(sys, g))
}

func newPolicyCheck(sys System) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "check [DIR]",
		Short: "Validate the policy that applies to a folder and print it",
		Long: `check finds the policy as scan does, validates it and prints what is in
effect, the built-in default where there is no file. Exit code 2 means that the
policy is wrong; the messages name line and column. Rules that can never match, and
exceptions that have expired, soon will, or end earlier than they say, are named.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			policies, err := policiesFor(cmd, sys, args)
			if err != nil {
				return err
			}
			mask := secrets.NewMasker()
			for _, p := range policies {
				for _, advice := range p.Advice(sys.now()) {
					sys.warn("%s", mask(advice))
				}
			}
			return printed(fmt.Fprint(sys.Stdout, mask(policy.Effective(policies))))
		},
	}
	cmd.Flags().StringP("policy", "c", "", "this policy file")
	withEnv(cmd.Flags())
	return cmd
}

// isFolder refuses what is none.
func isFolder(dir string) error {
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return usage(fmt.Errorf("%q is no folder", dir))
	}
	return nil
}

func newPolicySchema(sys System) *cobra.Command {
	return &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON schema of the policy file, for editors",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			return printed(sys.Stdout.Write(policy.Schema()))
		},
	}
}
