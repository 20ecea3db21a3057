package cli

import (
	"github.com/spf13/cobra"

	"github.com/boltseal/boltseal/internal/report"
)

func newSchema(sys System) *cobra.Command {
	return group("schema", "Print the JSON schemas of what boltseal writes", &cobra.Command{
		Use:   "run",
		Short: "Print the JSON schema of the run file (-f json)",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			return printed(sys.Stdout.Write(report.RunSchema()))
		},
	})
}
