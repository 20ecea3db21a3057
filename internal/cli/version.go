package cli

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"

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
			var text strings.Builder
			fmt.Fprintf(&text, "boltseal %s %s/%s %s\n", Version, runtime.GOOS, runtime.GOARCH, runtime.Version())
			if info, ok := debug.ReadBuildInfo(); ok {
				for _, dep := range info.Deps {
					if slices.Contains(engines, dep.Path) {
						fmt.Fprintf(&text, "  %s %s\n", dep.Path, dep.Version)
					}
				}
			}
			return printed(fmt.Fprint(sys.Stdout, text.String()))
		},
	}
}

// engines are the modules whose version changes what is found.
var engines = []string{
	"github.com/google/osv-scalibr",
	"github.com/moby/buildkit",
	"github.com/zricethezav/gitleaks/v8",
}
