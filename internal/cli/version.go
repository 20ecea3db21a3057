package cli

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// Version is the version of this program. It is a constant, so that a build does
// not depend on the state of a repository.
const Version = "0.1.0-dev"

func newVersion(sys System) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version and the engines inside",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			fmt.Fprintf(sys.Stdout, "boltseal %s %s/%s %s\n", Version, runtime.GOOS, runtime.GOARCH, runtime.Version())
			info, ok := debug.ReadBuildInfo()
			if !ok {
				return nil
			}
			for _, dep := range info.Deps {
				for _, e := range engines {
					if dep.Path == e {
						fmt.Fprintf(sys.Stdout, "  %s %s\n", dep.Path, dep.Version)
					}
				}
			}
			return nil
		},
	}
}

// engines are the modules whose version changes what is found.
var engines = []string{
	"github.com/google/osv-scalibr",
	"github.com/moby/buildkit",
	"github.com/zricethezav/gitleaks/v8",
}
