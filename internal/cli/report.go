package cli

import (
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/boltseal/boltseal/internal/gate"
	"github.com/boltseal/boltseal/internal/report"
)

func newReport(sys System) *cobra.Command {
	var formats []string
	var quiet bool
	cmd := &cobra.Command{
		Use:   "report RUN.json",
		Short: "Write a stored run in any other format",
		Long: `report reads a run file, as scan -f json=RUN.json writes it, and writes it in any
other format, without scanning. It shows the verdict that the file names and judges
nothing: its exit code says whether the reports were written (0), not what they say.
Whoever can write the file can write its verdict, so nothing should be gated on it.`,
		Example: `  boltseal report run.json
  boltseal report run.json -f junit=boltseal.xml -f sarif=boltseal.sarif`,
		Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			outputs, err := parseFormats(formats)
			if err != nil {
				return err
			}
			run, err := readRun(args[0])
			if err != nil {
				return err
			}
			catalogue, err := gate.Catalogue()
			if err != nil {
				return noVerdict(err)
			}
			return writeStored(sys, run, outputs, report.Options{Catalogue: catalogue, Color: sys.color(), Width: sys.width(), Quiet: quiet})
		},
	}
	registerFormats(cmd, &formats, &quiet)
	return cmd
}

// registerFormats registers the flags that say how a run is shown.
func registerFormats(cmd *cobra.Command, formats *[]string, quiet *bool) {
	cmd.Flags().StringArrayVarP(formats, "format", "f", nil, "FORMAT or FORMAT=FILE, repeatable: "+strings.Join(report.Formats(), ", ")+" (default table)")
	cmd.Flags().BoolVarP(quiet, "quiet", "q", false, "print the verdict only")
	complete(cmd, "format", report.Formats()...)
}

// writeStored writes a run that stands: a report that fails changes no verdict in it,
// and does not keep the others back.
func writeStored(sys System, run *report.Run, outputs []output, opt report.Options) error {
	plain := opt
	plain.Color, plain.Width = false, 0
	bad := 0
	for _, o := range outputs {
		if o.file == "" {
			continue
		}
		if err := writeFile(o.file, func(f *os.File) error { return report.Write(f, o.format, run, plain) }); err != nil {
			sys.warn("%s", masked(fmt.Errorf("writing report %s: %w", o.format, err)))
			bad++
		}
	}
	if err := writeStdout(sys, run, outputs, opt); err != nil {
		sys.warn("%s", masked(err))
		bad++
	}
	if bad > 0 {
		return &exitError{code: ExitNone}
	}
	return nil
}
